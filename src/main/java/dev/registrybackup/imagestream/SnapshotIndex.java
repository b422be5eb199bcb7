package dev.registrybackup.imagestream;

import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The streams of a snapshot in memory, to look them up in another order than the snapshot's: a bucket lists repositories in
 * another order than a cluster its ImageStreams. They are compressed: some 80 bytes for each image that a stream refers
 * to. For one thread.
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

    /** The streams that were not removed yet, in the snapshot's order. */
    public List<RepositoryName> names() {
        return List.copyOf(compressed.keySet());
    }

    /** Removes and returns a stream; empty if there is none, or if it was removed before. */
    public Optional<CapturedStream> remove(RepositoryName stream) {
        return Optional.ofNullable(compressed.remove(stream)).map(SnapshotIndex::decompress);
    }

    private static CapturedStream decompress(byte[] compressed) {
        try {
            byte[] line = JsonBlobStore.decompress(compressed);
            return CapturedStream.parse(JsonBlobStore.parse(new String(line, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to decompress %d bytes in memory".formatted(compressed.length), e);
        }
    }
}
