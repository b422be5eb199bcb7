package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.metadata.Progress.Count;
import dev.registrybackup.openshift.ClusterError;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Permit;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** ImageStreams in the cluster, created and changed. For one thread. */
final class StreamObjects {
    private static final int MOST_CONFLICTS = 10;

    private final WritableCluster cluster;
    private final Permit permit;
    private final Progress progress;

    StreamObjects(WritableCluster cluster, Permit permit, Progress progress) {
        this.cluster = cluster;
        this.permit = permit;
        this.progress = progress;
    }

    /**
     * The stream as the cluster has it, created if there is none: without tags in its spec, which the server would follow at
     * once to wherever they come from (openshift-apiserver, {@code imagestream/strategy.go}, {@code tagsChanged}).
     */
    ObjectNode findOrCreate(WantedStream stream) {
        ObjectName name = ObjectName.stream(stream.repository());
        Optional<ObjectNode> found = cluster.find(name);
        if (found.isPresent()) {
            return found.get();
        }
        ObjectNode fresh = Cleaned.of(stream.stream().json());
        fresh.remove("status");
        if (fresh.path("spec") instanceof ObjectNode spec) {
            spec.remove("tags");
        }
        permit.require();
        try {
            ObjectNode created = cluster.create(name, fresh);
            progress.count(Count.STREAMS_CREATED, 1);
            return created;
        } catch (ClusterException e) {
            if (e.error() == ClusterError.EXISTS) {
                return cluster.find(name).orElseThrow(() -> e);
            }
            throw e;
        }
    }

    /** Has the tags of its status be those; read anew and asked again for as long as somebody else is quicker. */
    void changeStatus(WantedStream stream, UnaryOperator<JsonNode> tags) {
        ObjectName name = ObjectName.stream(stream.repository());
        change(stream, object -> {
            JsonNode before = object.path("status").path("tags");
            JsonNode after = tags.apply(before);
            if (!after.equals(before)) {
                object.withObject("status").set("tags", after);
                permit.require();
                cluster.replaceStatus(name, object);
            }
        });
    }

    /** Adds tags to its spec. */
    void addToSpec(WantedStream stream, ArrayNode more) {
        ObjectName name = ObjectName.stream(stream.repository());
        change(stream, object -> {
            ArrayNode tags = object.withObject("spec").withArray("tags");
            more.forEach(tags::add);
            permit.require();
            cluster.replace(name, object);
        });
    }

    private interface Change {
        void make(ObjectNode object);
    }

    private void change(WantedStream stream, Change change) {
        for (int attempt = 1; ; attempt++) {
            try {
                change.make(findOrCreate(stream));
                return;
            } catch (ClusterException e) {
                if (e.error() != ClusterError.CONFLICT || attempt == MOST_CONFLICTS) {
                    throw e;
                }
            }
        }
    }
}
