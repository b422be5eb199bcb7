package dev.registrybackup.imagestream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Stores the bodies of captured objects in the backup, each once, under the hash of its JSON. Safe for use by many threads.
 */
record JsonBlobStore(ObjectStore backup) {
    /** etcd accepts 1.5 MiB by default; nobody runs it with ten times that. */
    private static final int MAX_BYTES = 16 << 20;

    /** Sorts fields, because their order in an answer of the server means nothing. */
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonNodeFeature.WRITE_PROPERTIES_SORTED).build();

    /**
     * A copy of the object without its field managers and its resource version, which no other cluster could use. So
     * an unchanged object has an unchanged body.
     */
    static ObjectNode normalize(ObjectNode object) {
        ObjectNode body = object.deepCopy();
        if (body.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
            metadata.remove("resourceVersion");
        }
        return body;
    }

    /** The hash of a normalized object, which is its key. */
    static String hash(ObjectNode body) {
        return Digest.of(DigestAlgorithm.SHA256, bytes(body)).hex();
    }

    private static byte[] bytes(ObjectNode body) {
        try {
            return JSON.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("Failed to write JSON: " + e.getMessage(), e);
        }
    }

    /** Writes a normalized object unless the backup has it, and returns its hash. */
    String write(ObjectNode body) {
        String hash = hash(body);
        if (backup.headBeforeWrite(CaptureKeys.body(hash)).isEmpty()) {
            put(hash, body);
        }
        return hash;
    }

    /** Writes a normalized object that the backup does not have. */
    void put(String hash, ObjectNode body) {
        backup.put(CaptureKeys.body(hash), ContentSource.of(gzip(bytes(body))), Map.of());
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to compress %d bytes in memory".formatted(bytes.length), e);
        }
        return compressed.toByteArray();
    }

    /**
     * Reads and verifies a body.
     *
     * @throws ObjectStoreException if it is missing, or does not match its key
     */
    ObjectNode read(String hash) {
        String key = CaptureKeys.body(hash);
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            byte[] bytes = decompress(reading.readAll(MAX_BYTES));
            if (matches(bytes, hash) && JSON.readTree(bytes) instanceof ObjectNode object) {
                return object;
            }
            throw new IOException("its content does not match its key");
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST,
                    "Failed to read the captured object %s: %s. Restore as of an earlier time (\"at\"), or restore an older version of that object in the bucket"
                            .formatted(key, e.getMessage()),
                    e);
        }
    }

    static byte[] decompress(byte[] compressed) throws IOException {
        return new GZIPInputStream(new ByteArrayInputStream(compressed)).readNBytes(MAX_BYTES);
    }

    private static boolean matches(byte[] bytes, String hash) {
        return Digest.of(DigestAlgorithm.SHA256, bytes).hex().equals(hash);
    }

    /**
     * Copies the newest valid version of a deleted body over its delete marker, and returns whether there is one. To
     * remove the delete marker would take the right to destroy versions.
     */
    boolean reinstate(String hash) {
        String key = CaptureKeys.body(hash);
        try (Stream<ObjectVersion> versions = backup.listVersions(key)) {
            Optional<byte[]> newest = versions.filter(version -> !version.isDeleteMarker())
                    .map(this::read)
                    .filter(compressed -> isValid(compressed, hash))
                    .findFirst();
            newest.ifPresent(compressed -> backup.put(key, ContentSource.of(compressed), Map.of()));
            return newest.isPresent();
        }
    }

    private byte[] read(ObjectVersion version) {
        try (OpenObject reading = backup.openVersion(version.key(), version.versionId(), Optional.empty())) {
            return reading.readAll(MAX_BYTES);
        }
    }

    private static boolean isValid(byte[] compressed, String hash) {
        try {
            return matches(decompress(compressed), hash);
        } catch (IOException e) {
            return false;
        }
    }

    /** The hashes of all bodies in the backup, from its listing; some 120 bytes of memory each. */
    Set<String> hashes() {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.BODIES)) {
            return listing.flatMap(info -> CaptureKeys.hashOf(info.key()).stream())
                    .collect(Collectors.toSet());
        }
    }

    /** Parses a line, a record or an answer of the cluster. */
    static JsonNode parse(String text) throws IOException {
        return JSON.readTree(text);
    }
}
