package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import java.util.Optional;

/**
 * One problem found.
 *
 * @param code the kind of problem
 * @param subject the affected key, image or digest
 * @param problem what is wrong and what to do, for people
 */
public record Finding(FindingCode code, String subject, String problem) {
    /** The JSON form in records, reports and responses. */
    public ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("code", code.name())
                .put("subject", subject)
                .put("problem", problem);
    }

    /** The blob that it is about; empty if its subject is something else, such as an image or a key. */
    public Optional<Digest> blob() {
        return Digest.tryParse(subject);
    }

    /** Parses the JSON form; empty if it has a code that only a newer version has. */
    public static Optional<Finding> parse(JsonNode json) {
        return FindingCode.parse(json.path("code").asText())
                .map(code -> new Finding(
                        code,
                        json.path("subject").asText(),
                        json.path("problem").asText()));
    }
}
