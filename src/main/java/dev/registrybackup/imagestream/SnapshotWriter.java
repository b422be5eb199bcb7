package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.FileContent;
import dev.registrybackup.objectstore.ObjectStore;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a snapshot: to a file on this machine until it is complete, then to the backup at once. Its first line has the time
 * when it was started, its last line the number of streams. For one thread.
 */
final class SnapshotWriter implements AutoCloseable {
    private final Path file;
    private final BufferedWriter lines;
    private final Instant startedAt;
    private long streams;

    SnapshotWriter(Path scratch, Instant startedAt) {
        this.startedAt = startedAt;
        try {
            this.file = Files.createTempFile(scratch, "snapshot", ".ndjson.gz");
            this.lines = new BufferedWriter(
                    new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8));
            line(JsonNodeFactory.instance.objectNode().put("startedAt", startedAt.toString()));
        } catch (IOException e) {
            throw failed(scratch, e);
        }
    }

    private static UncheckedIOException failed(Path path, IOException e) {
        return new UncheckedIOException(
                "Failed to write a snapshot to %s: %s. Set reconcile.scratch to a directory with enough room"
                        .formatted(path, e.getMessage()),
                e);
    }

    private void line(ObjectNode json) throws IOException {
        lines.write(json.toString());
        lines.write('\n');
    }

    void add(CapturedStream stream) {
        try {
            line(stream.json());
            streams++;
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    /** Writes the complete snapshot into the backup, and returns its key. */
    String finish(ObjectStore backup, Instant finishedAt, String random) {
        try {
            line(JsonNodeFactory.instance
                    .objectNode()
                    .put("startedAt", startedAt.toString())
                    .put("finishedAt", finishedAt.toString())
                    .put("imageStreams", streams));
            lines.close();
        } catch (IOException e) {
            throw failed(file, e);
        }
        String key = CaptureKeys.snapshot(finishedAt, random);
        backup.put(key, new FileContent(file), Map.of());
        return key;
    }

    @Override
    public void close() {
        try {
            lines.close();
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw failed(file, e);
        }
    }
}
