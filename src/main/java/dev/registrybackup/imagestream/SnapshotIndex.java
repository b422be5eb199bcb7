package dev.registrybackup.imagestream;

import dev.registrybackup.registry.RepositoryName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * Streams of the newest snapshot, to be taken one by one in whatever order: that in which a bucket lists repositories is
 * not that in which a cluster lists ImageStreams. Holds them packed, some 80 bytes for each image that one refers to. For
 * one thread.
 */
public final class SnapshotIndex {
    private final Instant at;
    private final Map<RepositoryName, byte[]> compressed = new LinkedHashMap<>();

    SnapshotIndex(Instant at) {
        this.at = at;
    }

    void add(CapturedStream captured) {
        compressed.put(
                captured.stream(), JsonBlobStore.gzip(captured.json().toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** When the snapshot was complete, UTC. */
    public Instant at() {
        return at;
    }

    /** Those that were not taken yet, in the snapshot's order. */
    public List<RepositoryName> names() {
        return List.copyOf(compressed.keySet());
    }

    /** Takes one; empty if there is none, or it was taken. */
    public Optional<CapturedStream> remove(RepositoryName stream) {
        return Optional.ofNullable(compressed.remove(stream)).map(SnapshotIndex::decompress);
    }

    private static CapturedStream decompress(byte[] packed) {
        try (GZIPInputStream unpacking = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return CapturedStream.parse(
                    JsonBlobStore.parse(new String(unpacking.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to unpack %d bytes in memory".formatted(packed.length), e);
        }
    }
}
