package dev.registrybackup.registry;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a manifest of any kind refers to: OCI image manifest and index, Docker image manifest and manifest list, schema 1,
 * artifact manifest, and whatever of an unknown media type parses alike. {@code subject} is no reference: a
 * registry accepts a manifest whose subject it lacks (OCI distribution-spec, "Pushing Manifests with Subject").
 *
 * @param references each digest once, in the manifest's order
 * @param subject what it is about, if it says so: a signature's image, say
 */
public record Manifest(List<Descriptor> references, Optional<Digest> subject) {
    /** The largest manifest a registry takes, in bytes: distribution {@code registry/handlers/manifests.go}. */
    public static final int MAX_BYTES = 4 << 20;

    /** What refers to nothing. */
    public static final Manifest EMPTY = new Manifest(List.of(), Optional.empty());

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Keeps its own copy of the list. */
    public Manifest {
        references = List.copyOf(references);
    }

    /**
     * Reads a manifest. The media type it states is not asked: the fields decide, as in OCI's heuristics for manifests
     * without one, so that an unknown type is followed as far as it parses. References that are no digests are passed over.
     *
     * @throws MalformedManifestException if the bytes are not a JSON object
     */
    public static Manifest parse(byte[] content) throws MalformedManifestException {
        JsonNode root = parseObject(content);
        Map<Digest, Descriptor> found = new LinkedHashMap<>();
        addAll(found, root.path("manifests"), "digest", Descriptor.Role.MANIFEST);
        add(found, root.path("config"), "digest", Descriptor.Role.BLOB);
        addAll(found, root.path("layers"), "digest", Descriptor.Role.BLOB);
        addAll(found, root.path("blobs"), "digest", Descriptor.Role.BLOB);
        addAll(found, root.path("fsLayers"), "blobSum", Descriptor.Role.BLOB);
        return new Manifest(List.copyOf(found.values()), subject(root));
    }

    private static JsonNode parseObject(byte[] content) throws MalformedManifestException {
        try {
            JsonNode root = JSON.readTree(content);
            if (root != null && root.isObject()) {
                return root;
            }
            throw new IOException("not a JSON object");
        } catch (IOException e) {
            throw new MalformedManifestException("%d bytes are no manifest".formatted(content.length), e);
        }
    }

    private static Optional<Digest> subject(JsonNode root) {
        Map<Digest, Descriptor> found = new LinkedHashMap<>();
        add(found, root.path("subject"), "digest", Descriptor.Role.MANIFEST);
        return found.keySet().stream().findFirst();
    }

    private static void addAll(Map<Digest, Descriptor> found, JsonNode list, String field, Descriptor.Role role) {
        for (JsonNode entry : list) {
            add(found, entry, field, role);
        }
    }

    private static void add(Map<Digest, Descriptor> found, JsonNode entry, String field, Descriptor.Role role) {
        try {
            Digest digest = Digest.parse(entry.path(field).asText());
            JsonNode size = entry.path("size");
            found.putIfAbsent(
                    digest,
                    new Descriptor(
                            digest,
                            size.canConvertToLong() ? OptionalLong.of(size.asLong()) : OptionalLong.empty(),
                            role == Descriptor.Role.BLOB && entry.path("urls").size() > 0
                                    ? Descriptor.Role.FOREIGN_LAYER
                                    : role));
        } catch (IllegalArgumentException e) {
            // No digest of ours: nothing to follow. The manifest's own bytes are kept as they are all the same.
            return;
        }
    }
}
