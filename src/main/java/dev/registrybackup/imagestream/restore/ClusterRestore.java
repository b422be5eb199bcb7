package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.inventory.ImageCompletenessChecker;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The part of a restore that is done in the cluster, once blobs and links are in their place. For one call. */
final class ClusterRestore {
    private final WritableCluster cluster;
    private final RestoreRequest request;
    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final ClusterRestoreReport report;
    private final ImageStreamWriter streams;
    private final RestoreStrategy restoreStrategy;
    private final RestorableItems restorable;
    private final Set<String> namespaces = new HashSet<>();
    private final UnrestorableImageStreams unrestorable;

    ClusterRestore(
            Restore storage,
            WritableCluster cluster,
            RestoreRequest request,
            Fence fence,
            ProgressTracker progressTracker,
            ClusterRestoreReport report,
            UnrestorableImageStreams unrestorable) {
        this.cluster = cluster;
        this.request = request;
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.report = report;
        this.unrestorable = unrestorable;
        this.streams = new ImageStreamWriter(cluster, fence, report);
        ImageBuilder blobs =
                new ImageBuilder(storage.target().store(), storage.target().layout());
        ImageCreator images = new ImageCreator(cluster, blobs, fence, report);
        this.restoreStrategy = request.imageStreamMode() == ImageStreamMode.STATUS
                ? new StatusStrategy(images, streams, request.overwriteTags(), report)
                : new ImageStreamMapper(
                        cluster,
                        RightsChecks.mayCreateImages(cluster) ? Optional.of(images) : Optional.empty(),
                        streams,
                        blobs,
                        request.overwriteTags(),
                        fence,
                        report);
        this.restorable = new RestorableItems(
                new ImageCompletenessChecker(storage.target(), storage.workerPools()),
                restoreStrategy,
                report);
    }

    void run(DesiredStreams wanted) {
        if (request.imageStreamMode() == ImageStreamMode.MAPPING) {
            report.reportNote(
                    FindingCode.TIME_APPROXIMATE,
                    request.scope().toJson().toString(),
                    "on the way of mappings the items of tags get the time at which they were restored");
        }
        each("Images and ImageStreams", wanted, stream -> {
            report.count(Count.IMAGE_STREAMS, 1);
            requireNamespace(stream);
            restoreStrategy.restore(restorable.of(stream));
        });
        SpecTags specTags = new SpecTags(streams, report);
        each("what tags follow", wanted, specTags::restore);
        RestoreCheck restoreCheck = new RestoreCheck(cluster, report);
        each("proof", wanted, restoreCheck::of);
    }

    private void each(String phase, DesiredStreams wanted, Consumer<DesiredStream> step) {
        progressTracker.phase(phase);
        try (Stream<DesiredStream> all = wanted.read(unrestorable)) {
            all.forEach(stream -> {
                fence.check();
                unrestorable.attempt(stream.repository(), () -> {
                    step.accept(stream);
                    return stream;
                });
            });
        }
    }

    private void requireNamespace(DesiredStream stream) {
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
        fence.check();
        try {
            cluster.create(name, fresh);
        } catch (ClusterException e) {
            if (e.error() != ClusterError.EXISTS) {
                throw e;
            }
        }
    }
}
