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
 * A snapshot being written: on this machine until it is whole, then in one piece. Its first line says when it was begun,
 * its last one how much is in it. For one thread.
 */
final class SnapshotWriter implements AutoCloseable {
    private final Path file;
    private final BufferedWriter lines;
    private final Instant startedAt;
    private long streams;

    SnapshotWriter(Path scratch, Instant begun) {
        this.startedAt = begun;
        try {
            this.file = Files.createTempFile(scratch, "snapshot", ".ndjson.gz");
            this.lines = new BufferedWriter(
                    new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8));
            line(JsonNodeFactory.instance.objectNode().put("startedAt", begun.toString()));
        } catch (IOException e) {
            throw failed(scratch, e);
        }
    }

    private static UncheckedIOException failed(Path place, IOException e) {
        return new UncheckedIOException(
                "Failed to keep a snapshot in %s until it is whole: %s. Set reconcile.scratch to a directory with room"
                        .formatted(place, e.getMessage()),
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

    /** Writes it into the backup, and tells its key. */
    String finish(ObjectStore backup, Instant ended, String random) {
        try {
            line(JsonNodeFactory.instance
                    .objectNode()
                    .put("startedAt", startedAt.toString())
                    .put("finishedAt", ended.toString())
                    .put("imageStreams", streams));
            lines.close();
        } catch (IOException e) {
            throw failed(file, e);
        }
        String key = CaptureKeys.snapshot(ended, random);
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
