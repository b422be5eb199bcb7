package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.operation.Fence;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** ImageStreams in the cluster, created and changed. For one thread. */
final class ImageStreamWriter {
    private static final int MAX_CONFLICTS = 10;

    private final WritableCluster cluster;
    private final Fence fence;
    private final ClusterRestoreReport report;

    ImageStreamWriter(WritableCluster cluster, Fence fence, ClusterRestoreReport report) {
        this.cluster = cluster;
        this.fence = fence;
        this.report = report;
    }

    /**
     * The stream as the cluster has it, created if there is none: without tags in its spec, which the server would follow at
     * once to wherever they come from (openshift-apiserver, {@code imagestream/strategy.go}, {@code tagsChanged}).
     */
    ObjectNode findOrCreate(DesiredStream stream) {
        ObjectName name = ObjectName.stream(stream.repository());
        Optional<ObjectNode> found = cluster.find(name);
        if (found.isPresent()) {
            return found.get();
        }
        ObjectNode fresh = ServerFields.strip(stream.stream().json());
        fresh.remove("status");
        if (fresh.path("spec") instanceof ObjectNode spec) {
            spec.remove("tags");
        }
        fence.check();
        try {
            ObjectNode created = cluster.create(name, fresh);
            report.count(Count.STREAMS_CREATED, 1);
            return created;
        } catch (ClusterException e) {
            if (e.error() == ClusterError.EXISTS) {
                return cluster.find(name).orElseThrow(() -> e);
            }
            throw e;
        }
    }

    /** Has the tags of its status be those; read anew and asked again for as long as somebody else is quicker. */
    void changeStatus(DesiredStream stream, UnaryOperator<JsonNode> tags) {
        ObjectName name = ObjectName.stream(stream.repository());
        change(stream, object -> {
            JsonNode before = object.path("status").path("tags");
            JsonNode after = tags.apply(before);
            if (!after.equals(before)) {
                object.withObject("status").set("tags", after);
                fence.check();
                cluster.replaceStatus(name, object);
            }
        });
    }

    /** Adds tags to its spec. */
    void addToSpec(DesiredStream stream, ArrayNode more) {
        ObjectName name = ObjectName.stream(stream.repository());
        change(stream, object -> {
            ArrayNode tags = object.withObject("spec").withArray("tags");
            more.forEach(tags::add);
            fence.check();
            cluster.replace(name, object);
        });
    }

    private interface Change {
        void make(ObjectNode object);
    }

    private void change(DesiredStream stream, Change change) {
        for (int attempt = 1; ; attempt++) {
            try {
                change.make(findOrCreate(stream));
                return;
            } catch (ClusterException e) {
                if (e.error() != ClusterError.CONFLICT || attempt == MAX_CONFLICTS) {
                    throw e;
                }
            }
        }
    }
}
