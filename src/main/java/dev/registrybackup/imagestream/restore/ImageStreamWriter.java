package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.registry.RepositoryName;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Creates and changes ImageStreams in the cluster. For one thread. */
record ImageStreamWriter(OpenShiftCluster cluster, ClusterRestoreReport report) {
    private static final int MAX_CONFLICTS = 10;

    /**
     * Returns the stream as the cluster has it, created if there is none. A new stream has no tags in its spec: the server
     * would import them at once from wherever they come (openshift-apiserver, {@code imagestream/strategy.go}, {@code
     * tagsChanged}).
     */
    ObjectNode findOrCreate(DesiredStream stream) {
        ObjectName name = ObjectName.stream(stream.repository());
        return cluster.find(name).orElseGet(() -> {
            ObjectNode fresh = ServerFields.strip(stream.stream().json());
            fresh.remove("status");
            if (fresh.path("spec") instanceof ObjectNode spec) {
                spec.remove("tags");
            }
            report.operation().checkFence();
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
        });
    }

    /**
     * Merges the stream's tags into the status of the cluster's, which is created if there is none.
     *
     * @return the tags that point elsewhere and were left as they are, each with its problem
     */
    Map<String, String> mergeStatus(DesiredStream stream, boolean overwriteTags) {
        return retryConflicts(() -> {
            ObjectNode object = findOrCreate(stream);
            MergedTags merged = MergedTags.of(
                    object.path("status").path("tags"),
                    stream.stream().json().path("status").path("tags"),
                    overwriteTags);
            if (merged.changed() > 0) {
                object.withObject("status").set("tags", merged.tags());
                report.operation().checkFence();
                cluster.replaceStatus(ObjectName.stream(stream.repository()), object);
            }
            report.count(Count.TAGS_CHANGED, merged.changed());
            return merged.conflicts();
        });
    }

    /**
     * Adds the tags to the stream's spec that are missing there.
     *
     * @throws ClusterException {@link ClusterError#NOT_FOUND} if there is no such stream
     */
    void addToSpec(RepositoryName stream, List<JsonNode> tags) {
        ObjectName name = ObjectName.stream(stream);
        retryConflicts(() -> {
            ObjectNode object = cluster.find(name)
                    .orElseThrow(() -> new ClusterException(
                            ClusterError.NOT_FOUND,
                            "Failed to change %s: it was deleted during the restore".formatted(name)));
            ArrayNode specTags = object.withObject("spec").withArray("tags");
            Set<String> present = new HashSet<>();
            specTags.forEach(tag -> present.add(tag.path("name").asText()));
            List<JsonNode> missing = tags.stream()
                    .filter(tag -> !present.contains(tag.path("name").asText()))
                    .toList();
            if (!missing.isEmpty()) {
                missing.forEach(specTags::add);
                report.operation().checkFence();
                cluster.replace(name, object);
            }
            return object;
        });
    }

    /** Reads and writes again while somebody else is quicker. */
    private static <T> T retryConflicts(Supplier<T> change) {
        for (int attempt = 1; ; attempt++) {
            try {
                return change.get();
            } catch (ClusterException e) {
                if (e.error() != ClusterError.CONFLICT || attempt == MAX_CONFLICTS) {
                    throw e;
                }
            }
        }
    }
}
