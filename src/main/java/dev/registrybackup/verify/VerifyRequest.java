package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.RequestFields;
import java.util.List;
import java.util.Optional;

/**
 * A request to verify a store.
 *
 * @param store the name of the store: {@value #BACKUP}, {@code registry} or that of a target
 * @param scope the part of the store to verify
 * @param depth how thoroughly
 * @param sample the blobs to hash; all if empty. Only with depth {@link Depth#CONTENT}
 */
public record VerifyRequest(String store, Scope scope, Depth depth, Optional<Sample> sample) {
    /** The name of the backup store. */
    public static final String BACKUP = "backup";

    /** Throws {@link IllegalArgumentException} if there is a sample but the depth does not hash blobs. */
    public VerifyRequest {
        if (sample.isPresent() && depth != Depth.CONTENT) {
            throw new IllegalArgumentException(
                    "A \"sample\" needs a depth that hashes blobs: add \"depth\":\"content\"");
        }
    }

    /**
     * Parses an object with any of {@code store}, {@code scope}, {@code depth} and {@code sample}. The default is the
     * existence of everything in the backup.
     *
     * @throws IllegalArgumentException if it is not a valid request; the message names the field
     */
    public static VerifyRequest parse(JsonNode json) {
        requireKnownFields("A request to verify", json, "store", "scope", "depth", "sample");
        return new VerifyRequest(
                json.has("store") ? store(json.path("store")) : BACKUP,
                json.has("scope") ? Scope.parse(json.path("scope")) : new Scope.All(),
                json.has("depth") ? depth(json.path("depth")) : Depth.EXISTENCE,
                json.has("sample") ? Optional.of(Sample.parse(json.path("sample"))) : Optional.empty());
    }

    private static String store(JsonNode json) {
        if (!json.isTextual() || json.textValue().isBlank()) {
            throw new IllegalArgumentException(
                    "\"store\" must be \"backup\", \"registry\" or a target's name, not " + json);
        }
        return json.textValue();
    }

    private static Depth depth(JsonNode json) {
        return Depth.fromLabel(json.asText())
                .orElseThrow(() ->
                        new IllegalArgumentException("\"depth\" must be \"existence\" or \"content\", not " + json));
    }

    static void requireKnownFields(String what, JsonNode json, String... known) {
        if (!json.isObject()) {
            throw new IllegalArgumentException("%s must be a JSON object, not %s".formatted(what, json));
        }
        RequestFields.requireKnown(
                json, List.of(known), what + " has no field \"%s\"; it has " + String.join(", ", known));
    }

    /** The JSON form in requests and reports, with all defaults filled in. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("store", store);
        json.set("scope", scope.toJson());
        json.put("depth", depth.label());
        sample.ifPresent(chosen -> json.set("sample", chosen.json()));
        return json;
    }
}
