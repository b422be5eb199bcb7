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

/** The bodies of captured objects, each once, under the hash of its JSON. */
final class JsonBlobStore {
    /** etcd takes 1.5 MiB by default; nobody runs it with ten times that. */
    private static final int MAX_BYTES = 16 << 20;

    /** Fields sorted: the order in which a server tells them says nothing. */
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonNodeFeature.WRITE_PROPERTIES_SORTED).build();

    private final ObjectStore backup;

    JsonBlobStore(ObjectStore backup) {
        this.backup = backup;
    }

    /**
     * What is kept of an object: all of it but who manages which field, and the version by which the server orders writes,
     * neither of which another cluster could use. So equal objects have equal bodies.
     */
    static ObjectNode store(ObjectNode object) {
        ObjectNode kept = object.deepCopy();
        if (kept.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
            metadata.remove("resourceVersion");
        }
        return kept;
    }

    /** The hash under which the object is, or will be. */
    static String hash(ObjectNode kept) {
        return Digest.of(DigestAlgorithm.SHA256, bytes(kept)).hex();
    }

    private static byte[] bytes(ObjectNode kept) {
        try {
            return JSON.writeValueAsBytes(kept);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("No JSON: " + e.getMessage(), e);
        }
    }

    /** Writes what {@link #store} gave, unless it is there, and tells its hash. */
    String write(ObjectNode kept) {
        String hash = hash(kept);
        if (backup.headBeforeWrite(CaptureKeys.body(hash)).isEmpty()) {
            put(hash, kept);
        }
        return hash;
    }

    /** Writes it without a look whether it is there. */
    void put(String hash, ObjectNode kept) {
        backup.put(CaptureKeys.body(hash), ContentSource.of(gzip(bytes(kept))), Map.of());
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream packing = new GZIPOutputStream(packed)) {
            packing.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to pack %d bytes in memory".formatted(bytes.length), e);
        }
        return packed.toByteArray();
    }

    /**
     * Reads a body and proves it.
     *
     * @throws ObjectStoreException if it is not there, or is another than its key says
     */
    ObjectNode read(String hash) {
        String key = CaptureKeys.body(hash);
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            byte[] bytes = unpacked(reading.readAll(MAX_BYTES));
            if (isOf(bytes, hash) && JSON.readTree(bytes) instanceof ObjectNode object) {
                return object;
            }
            throw new IOException("its content is not what its key says");
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST,
                    "Failed to read the captured object %s: %s. Restore it from an older version of the bucket, or of an"
                                    .formatted(key, e.getMessage())
                            + " older time (\"at\")",
                    e);
        }
    }

    private static byte[] unpacked(byte[] packed) throws IOException {
        return new GZIPInputStream(new ByteArrayInputStream(packed)).readNBytes(MAX_BYTES);
    }

    private static boolean isOf(byte[] bytes, String hash) {
        return Digest.of(DigestAlgorithm.SHA256, bytes).hex().equals(hash);
    }

    /**
     * Copies forward the newest version of a hidden body that is what its key says, and says whether there is one: to take
     * away the mark that hides it would take the right to destroy versions.
     */
    boolean bringBack(String hash) {
        String key = CaptureKeys.body(hash);
        try (Stream<ObjectVersion> versions = backup.listVersions(key)) {
            Optional<byte[]> newest = versions.filter(version -> !version.isDeleteMarker())
                    .map(this::read)
                    .filter(packed -> isPackedOf(packed, hash))
                    .findFirst();
            newest.ifPresent(packed -> backup.put(key, ContentSource.of(packed), Map.of()));
            return newest.isPresent();
        }
    }

    private byte[] read(ObjectVersion version) {
        try (OpenObject reading = backup.openVersion(version.key(), version.versionId(), Optional.empty())) {
            return reading.readAll(MAX_BYTES);
        }
    }

    private static boolean isPackedOf(byte[] packed, String hash) {
        try {
            return isOf(unpacked(packed), hash);
        } catch (IOException e) {
            return false;
        }
    }

    /** The hashes of all that are there, read from the listing; 120 bytes of memory each. */
    Set<String> all() {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.BODIES)) {
            return listing.flatMap(info -> CaptureKeys.hashOf(info.key()).stream())
                    .collect(Collectors.toSet());
        }
    }

    /** Parses a line or record. */
    static JsonNode parse(String text) throws IOException {
        return JSON.readTree(text);
    }
}
