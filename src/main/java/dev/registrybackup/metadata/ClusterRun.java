package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.WholeImages;
import dev.registrybackup.metadata.Progress.Count;
import dev.registrybackup.openshift.ClusterError;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.openshift.Resource;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.restore.Metadata;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The part of a restore that is done in the cluster, once blobs and links are in their place. For one call. */
final class ClusterRun {
    private final WritableCluster cluster;
    private final RestoreRequest request;
    private final Permit permit;
    private final Meter meter;
    private final Progress progress;
    private final StreamObjects streams;
    private final Route route;
    private final RestorableItems restorable;
    private final Set<String> namespaces = new HashSet<>();
    private final UnrestorableStreams unrestorable;

    ClusterRun(
            Restore storage,
            WritableCluster cluster,
            RestoreRequest request,
            Permit permit,
            Meter meter,
            Progress progress,
            UnrestorableStreams unrestorable) {
        this.cluster = cluster;
        this.request = request;
        this.permit = permit;
        this.meter = meter;
        this.progress = progress;
        this.unrestorable = unrestorable;
        this.streams = new StreamObjects(cluster, permit, progress);
        BlobImages blobs =
                new BlobImages(storage.ends().target(), storage.ends().targetLayout());
        ImageWriting images = new ImageWriting(cluster, blobs, permit, progress);
        this.route = request.metadata() == Metadata.STATUS
                ? new StatusRoute(images, streams, request.overwriteTags(), progress)
                : new MappingRoute(
                        cluster,
                        RightPoints.mayCreateImages(cluster) ? Optional.of(images) : Optional.empty(),
                        streams,
                        blobs,
                        request.overwriteTags(),
                        permit,
                        progress);
        this.restorable = new RestorableItems(
                new WholeImages(storage.ends().target(), storage.ends().targetLayout(), storage.lanes()),
                route,
                progress);
    }

    void run(WantedStreams wanted) {
        if (request.metadata() == Metadata.MAPPING) {
            progress.noted(
                    FindingCode.TIME_APPROXIMATE,
                    request.scope().json().toString(),
                    "on the way of mappings the items of tags get the time at which they were restored");
        }
        each("Images and ImageStreams", wanted, stream -> {
            progress.count(Count.STREAMS, 1);
            requireNamespace(stream);
            route.restore(restorable.of(stream));
        });
        SpecTags specTags = new SpecTags(streams, progress);
        each("what tags follow", wanted, specTags::restore);
        Proof proof = new Proof(cluster, progress);
        each("proof", wanted, proof::of);
    }

    private void each(String phase, WantedStreams wanted, Consumer<WantedStream> step) {
        meter.phase(phase);
        try (Stream<WantedStream> all = wanted.read(unrestorable)) {
            all.forEach(stream -> {
                permit.require();
                unrestorable.attempt(stream.repository(), () -> {
                    step.accept(stream);
                    return stream;
                });
            });
        }
    }

    private void requireNamespace(WantedStream stream) {
        String namespace = stream.stream().namespace();
        if (!request.createNamespaces() || !namespaces.add(namespace)) {
            return;
        }
        ObjectName name = ObjectName.of(Resource.NAMESPACE, namespace);
        if (cluster.find(name).isPresent()) {
            return;
        }
        ObjectNode fresh = JsonNodeFactory.instance.objectNode();
        fresh.put("apiVersion", "v1")
                .put("kind", "Namespace")
                .putObject("metadata")
                .put("name", namespace);
        permit.require();
        try {
            cluster.create(name, fresh);
        } catch (ClusterException e) {
            if (e.error() != ClusterError.EXISTS) {
                throw e;
            }
        }
    }
}
