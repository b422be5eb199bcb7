package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.ChildrenFirst;
import dev.registrybackup.metadata.Progress.Count;
import dev.registrybackup.openshift.ClusterError;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.openshift.ImageObject;
import dev.registrybackup.openshift.ImageStream.Item;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Permit;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Creates the Images that streams refer to, children before their indexes, each once. For one thread. */
final class ImageWriting {
    private final WritableCluster cluster;
    private final BlobImages blobs;
    private final Permit permit;
    private final Progress progress;
    private final Set<Digest> done = new HashSet<>();

    ImageWriting(WritableCluster cluster, BlobImages blobs, Permit permit, Progress progress) {
        this.cluster = cluster;
        this.blobs = blobs;
        this.permit = permit;
        this.progress = progress;
    }

    /** Creates those that the cluster lacks, as they were captured; what was not captured, from its manifest. */
    void write(WantedStream stream) {
        Set<Digest> managed = stream.managed();
        for (Digest digest : ChildrenFirst.order(stream.images(), each -> children(stream, each))) {
            if (!done.contains(digest)) {
                write(stream, digest, managed.contains(digest));
                done.add(digest);
            }
        }
    }

    private List<Digest> children(WantedStream stream, Digest digest) {
        return done.contains(digest)
                ? List.of()
                : stream.image(digest).map(ImageObject::children).orElse(List.of());
    }

    private void write(WantedStream stream, Digest digest, boolean isManaged) {
        Optional<ImageObject> captured = stream.image(digest);
        if (captured.isPresent()) {
            create(digest, Cleaned.of(captured.get().json()));
        } else if (isManaged) {
            create(digest, blobs.image(digest, reference(stream, digest), captured));
        } else {
            progress.noted(
                    FindingCode.IMAGE_OBJECT_MISSING,
                    stream.repository() + "@" + digest,
                    "the cluster had no Image of it when it was captured, so it could not be pulled then either");
        }
    }

    private static String reference(WantedStream stream, Digest digest) {
        return stream.stream().tags().stream()
                .flatMap(tag -> tag.items().stream())
                .filter(item -> item.image().equals(digest))
                .map(Item::reference)
                .findFirst()
                .orElse("");
    }

    private void create(Digest digest, ObjectNode image) {
        permit.require();
        try {
            cluster.create(ObjectName.image(digest), image);
            progress.count(Count.IMAGES_CREATED, 1);
        } catch (ClusterException e) {
            if (e.error() != ClusterError.EXISTS) {
                throw e;
            }
            progress.count(Count.IMAGES_THERE, 1);
        }
    }
}
