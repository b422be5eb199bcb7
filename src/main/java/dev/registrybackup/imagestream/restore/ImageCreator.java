package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Creates the Images that streams refer to, children before their indexes, each once. For one thread. */
final class ImageCreator {
    private final OpenShiftCluster cluster;
    private final ImageBuilder builder;
    private final ClusterRestoreReport report;
    private final Set<Digest> done = new HashSet<>();

    ImageCreator(OpenShiftCluster cluster, ImageBuilder builder, ClusterRestoreReport report) {
        this.cluster = cluster;
        this.builder = builder;
        this.report = report;
    }

    /**
     * Creates the stream's Images that are missing from the cluster: as they were captured, or else built from their
     * manifests.
     */
    void create(DesiredStream stream) {
        Set<Digest> managed = stream.managed();
        for (Digest digest : ManifestGraph.childrenFirst(stream.images(), image -> newChildren(stream, image))) {
            if (!done.contains(digest)) {
                create(stream, digest, managed.contains(digest));
                done.add(digest);
            }
        }
    }

    private List<Digest> newChildren(DesiredStream stream, Digest image) {
        return done.contains(image) ? List.of() : stream.children(image);
    }

    private void create(DesiredStream stream, Digest digest, boolean isManaged) {
        Optional<ImageObject> captured = stream.image(digest);
        if (captured.isPresent()) {
            create(digest, ServerFields.strip(captured.get().json()));
        } else if (isManaged) {
            create(digest, builder.build(digest, reference(stream, digest), captured));
        } else {
            report.addNote(
                    FindingCode.IMAGE_OBJECT_MISSING,
                    stream.repository() + "@" + digest,
                    "the cluster had no Image of it when it was captured, so it could not be pulled then either");
        }
    }

    private static String reference(DesiredStream stream, Digest digest) {
        return stream.stream()
                .items()
                .filter(item -> item.image().equals(digest))
                .map(Item::reference)
                .findFirst()
                .orElse("");
    }

    private void create(Digest digest, ObjectNode image) {
        report.operation().checkFence();
        try {
            cluster.create(ObjectName.image(digest), image);
            report.count(Count.IMAGES_CREATED, 1);
        } catch (ClusterException e) {
            if (e.error() != ClusterError.EXISTS) {
                throw e;
            }
            report.count(Count.IMAGES_PRESENT, 1);
        }
    }
}
