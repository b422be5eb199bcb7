package dev.registrybackup.registry;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a manifest of any kind refers to: OCI image manifest and index, Docker image manifest and manifest list, schema
 * 1, artifact manifest, and whatever of an unknown media type parses alike. {@code subject} is not a reference: a
 * registry accepts a manifest whose subject is missing (OCI distribution-spec, "Pushing Manifests with Subject").
 *
 * @param references each digest once, in the manifest's order
 * @param subject the subject if it has one, such as a signature's image
 * @param mediaType the media type that it states, or the one by OCI's heuristics
 * @param config its config, if it has one
 * @param platforms the platforms of an index's entries, as far as it names them
 */
public record Manifest(
        List<Descriptor> references,
        Optional<Digest> subject,
        String mediaType,
        Optional<Digest> config,
        List<Platform> platforms) {
    /** The largest manifest that a registry accepts, in bytes: distribution {@code registry/handlers/manifests.go}. */
    public static final int MAX_BYTES = 4 << 20;

    /** A manifest without references. */
    public static final Manifest EMPTY = new Manifest(List.of(), Optional.empty(), "", Optional.empty(), List.of());

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Copies the lists. */
    public Manifest {
        references = List.copyOf(references);
        platforms = List.copyOf(platforms);
    }

    /**
     * Parses a manifest. Ignores the media type that it states: the fields decide, as in OCI's heuristics for manifests
     * without one, so that an unknown type is followed as far as it parses. Skips references that are not digests.
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
        List<Platform> platforms = new ArrayList<>();
        for (JsonNode entry : root.path("manifests")) {
            Platform.parse(entry.path("platform"), Optional.of(Platform.text(entry, "digest")))
                    .ifPresent(platforms::add);
        }
        return new Manifest(
                List.copyOf(found.values()),
                digest(root.path("subject"), "digest"),
                mediaType(root).intern(),
                // Share the digest objects of the references: very many manifests may be in memory.
                digest(root.path("config"), "digest")
                        .map(config -> Objects.requireNonNull(found.get(config)).digest()),
                platforms);
    }

    private static JsonNode parseObject(byte[] content) throws MalformedManifestException {
        try {
            JsonNode root = JSON.readTree(content);
            if (root != null && root.isObject()) {
                return root;
            }
            throw new IOException("not a JSON object");
        } catch (IOException e) {
            throw new MalformedManifestException("%d bytes are not a manifest".formatted(content.length), e);
        }
    }

    /**
     * The media type is stored nowhere else. Source: openshift/docker-distribution {@code manifeststore.go}; schema 1
     * never states its own.
     */
    private static String mediaType(JsonNode root) {
        String stated = Platform.text(root, "mediaType");
        if (!stated.isEmpty()) {
            return stated;
        }
        if (root.path("schemaVersion").asInt() == 1) {
            return root.has("signatures")
                    ? "application/vnd.docker.distribution.manifest.v1+prettyjws"
                    : "application/vnd.docker.distribution.manifest.v1+json";
        }
        return root.hasNonNull("manifests")
                ? "application/vnd.oci.image.index.v1+json"
                : "application/vnd.oci.image.manifest.v1+json";
    }

    private static void addAll(Map<Digest, Descriptor> found, JsonNode list, String field, Descriptor.Role role) {
        for (JsonNode entry : list) {
            add(found, entry, field, role);
        }
    }

    private static void add(Map<Digest, Descriptor> found, JsonNode entry, String field, Descriptor.Role role) {
        JsonNode size = entry.path("size");
        digest(entry, field)
                .ifPresent(digest -> found.putIfAbsent(
                        digest,
                        new Descriptor(
                                digest,
                                size.canConvertToLong() ? OptionalLong.of(size.asLong()) : OptionalLong.empty(),
                                role == Descriptor.Role.BLOB
                                                && entry.path("urls").size() > 0
                                        ? Descriptor.Role.FOREIGN_LAYER
                                        : role)));
    }

    /**
     * Empty for a digest that is not supported: it is not followed, but the manifest is still kept byte for byte.
     */
    private static Optional<Digest> digest(JsonNode entry, String field) {
        return Digest.tryParse(entry.path(field).asText());
    }
}
