package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.operation.FindingCode;
import java.util.HashSet;
import java.util.Set;

/**
 * What tags follow, put back once all streams have their items: then what they follow is there, and points to what they
 * point to, so that the server has nothing to change. For one thread.
 */
record SpecTags(ImageStreamWriter streams, ClusterRestoreReport report) {
    /** Adds what the stream's spec lacks. */
    void restore(DesiredStream stream) {
        JsonNode wanted = stream.stream().json().path("spec").path("tags");
        if (wanted.isEmpty()) {
            return;
        }
        ArrayNode missing = missing(stream, wanted);
        if (missing.isEmpty() || isAdded(stream, missing)) {
            return;
        }
        // One that cannot be followed hinders the others.
        for (JsonNode tag : missing) {
            ArrayNode one = JsonNodeFactory.instance.arrayNode().add(tag);
            if (!isAdded(stream, one)) {
                report.reportIncomplete(
                        FindingCode.TAG_SOURCE_MISSING,
                        stream.repository() + ":" + tag.path("name").asText(),
                        "it followed %s, which the cluster does not let it follow: restore that first, then this again"
                                .formatted(tag.path("from")));
            }
        }
    }

    private ArrayNode missing(DesiredStream stream, JsonNode wanted) {
        Set<String> there = new HashSet<>();
        streams.findOrCreate(stream)
                .path("spec")
                .path("tags")
                .forEach(tag -> there.add(tag.path("name").asText()));
        ArrayNode missing = JsonNodeFactory.instance.arrayNode();
        for (JsonNode tag : wanted) {
            String name = tag.path("name").asText();
            if (!there.contains(name) && !report.isTold(stream.repository(), name)) {
                missing.add(((ObjectNode) tag.deepCopy()).without("generation"));
            }
        }
        return missing;
    }

    private boolean isAdded(DesiredStream stream, ArrayNode tags) {
        try {
            streams.addToSpec(stream, tags);
            return true;
        } catch (ClusterException e) {
            if (e.error() == ClusterError.INVALID || e.error() == ClusterError.FORBIDDEN) {
                return false;
            }
            throw e;
        }
    }
}
