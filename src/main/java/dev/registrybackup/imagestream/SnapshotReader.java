package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Reads the streams of a snapshot, one by one, from a copy on this machine: a store closes a connection that is idle for
 * long. Fails at the end if lines are missing. For one thread.
 */
final class SnapshotReader implements AutoCloseable {
    private final String key;
    private final BufferedReader lines;
    private final Instant startedAt;
    private long streams;

    @MustBeClosed
    SnapshotReader(ObjectStore backup, String key, Path scratch) {
        this.key = key;
        try {
            this.lines = open(backup, key, scratch);
            JsonNode head =
                    JsonBlobStore.parse(Optional.ofNullable(lines.readLine()).orElse(""));
            this.startedAt = Instant.parse(head.path("startedAt").asText());
        } catch (IOException | RuntimeException e) {
            throw unreadable(e);
        }
    }

    private static BufferedReader open(ObjectStore backup, String key, Path scratch) throws IOException {
        Path copy = Files.createTempFile(Files.createDirectories(scratch), "snapshot", ".ndjson.gz");
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            Files.copy(reading.stream(), copy, StandardCopyOption.REPLACE_EXISTING);
        }
        return new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(copy, StandardOpenOption.DELETE_ON_CLOSE)),
                StandardCharsets.UTF_8));
    }

    private ObjectStoreException unreadable(Exception e) {
        return new ObjectStoreException(
                e instanceof ObjectStoreException failure ? failure.error() : StoreError.BAD_REQUEST,
                "Failed to read the snapshot %s: %s. Give an earlier time as \"at\", or restore an older version of that object in the bucket"
                        .formatted(key, e.getMessage()),
                e);
    }

    /** When the snapshot was started, UTC: later changes may be missing from it. */
    Instant startedAt() {
        return startedAt;
    }

    /** The streams that were not read yet, in order; closing them closes this. */
    Stream<CapturedStream> streams() {
        return Stream.generate(this::next)
                .takeWhile(Optional::isPresent)
                .map(Optional::get)
                .onClose(this::close);
    }

    /** Empty after the last stream. */
    private Optional<CapturedStream> next() {
        try {
            return parseNext();
        } catch (IOException | RuntimeException e) {
            throw unreadable(e);
        }
    }

    private Optional<CapturedStream> parseNext() throws IOException {
        String text = lines.readLine();
        JsonNode json = JsonBlobStore.parse(Optional.ofNullable(text).orElse("{}"));
        if (json.has("stream")) {
            streams++;
            return Optional.of(CapturedStream.parse(json));
        }
        if (json.path("imageStreams").asLong(-1) != streams) {
            throw new IOException("it ends after %d streams, without its last line".formatted(streams));
        }
        // Reading to the end checks the compressed data.
        if (lines.readLine() != null) {
            throw new IOException("it continues after its last line");
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }
}
