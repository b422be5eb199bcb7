package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * An ImageStream as it was at a time: the form of a change, and of a line of a snapshot.
 *
 * @param read when it was read, UTC, to the millisecond
 * @param body the hash of its body; empty if it was deleted
 * @param images by digest, the hash of the body of each Image that it refers to, including children of indexes; empty for
 *     an Image that was missing from the cluster
 */
public record CapturedStream(RepositoryName stream, Instant read, String body, Map<Digest, String> images) {
    /** Keeps its own copy of the map, in its order. */
    public CapturedStream {
        images = Collections.unmodifiableMap(new LinkedHashMap<>(images));
    }

    static CapturedStream deleted(RepositoryName stream, Instant read) {
        return new CapturedStream(stream, read, "", Map.of());
    }

    /** Whether the stream was captured as deleted. */
    public boolean isDeleted() {
        return body.isEmpty();
    }

    /** Whether the cluster had an Image object of this image. */
    public boolean hasImage(Digest image) {
        return !images.getOrDefault(image, "").isEmpty();
    }

    /** The hashes of all bodies that it refers to. */
    Stream<String> bodies() {
        return Stream.concat(Stream.of(body), images.values().stream()).filter(hash -> !hash.isEmpty());
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("stream", stream.value()).put("read", read.toString());
        if (isDeleted()) {
            return json.put("deleted", true);
        }
        ObjectNode bodies = json.put("body", body).putObject("images");
        images.forEach((digest, hash) -> bodies.put(digest.toString(), hash));
        return json;
    }

    /** Parses the form of {@link #json}. Throws {@link IllegalArgumentException} if it is anything else. */
    static CapturedStream parse(JsonNode json) {
        Map<Digest, String> images = new LinkedHashMap<>();
        json.path("images")
                .properties()
                .forEach(image -> images.put(
                        Digest.parse(image.getKey()), image.getValue().asText()));
        String body = json.path("body").asText();
        if (body.isEmpty() != json.path("deleted").asBoolean()) {
            throw new IllegalArgumentException("A captured stream has a body or is deleted");
        }
        try {
            return new CapturedStream(
                    new RepositoryName(json.path("stream").asText()),
                    Instant.parse(json.path("read").asText()),
                    body,
                    images);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "Not a time: " + json.path("read").asText(), e);
        }
    }
}
