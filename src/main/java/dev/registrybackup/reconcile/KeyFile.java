package dev.registrybackup.reconcile;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys in a file, because all keys of a store may be too many for memory. Read in the order in which they were added. For one
 * thread at a time.
 */
final class KeyFile implements AutoCloseable {
    private final Path scratch;
    private @Nullable Path file;
    private @Nullable BufferedWriter writer;

    /** Creates no file before the first key. */
    KeyFile(Path scratch) {
        this.scratch = scratch;
    }

    /**
     * Adds a key without line breaks.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    void add(String key) {
        try {
            if (writer == null) {
                file = Files.createTempFile(scratch, "keys", ".txt");
                writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
            }
            writer.write(key);
            writer.newLine();
        } catch (IOException e) {
            throw failed("write", e);
        }
    }

    /**
     * Passes on all keys. None may be added afterwards until they are cleared.
     *
     * @throws UncheckedIOException if the file cannot be read
     */
    void forEach(Consumer<String> each) {
        if (writer == null || file == null) {
            return;
        }
        try {
            writer.close();
        } catch (IOException e) {
            throw failed("write", e);
        }
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String key = reader.readLine(); key != null; key = reader.readLine()) {
                each.accept(key);
            }
        } catch (IOException e) {
            throw failed("read", e);
        }
    }

    private UncheckedIOException failed(String attempted, IOException e) {
        return new UncheckedIOException(
                "Failed to %s a list of keys in %s: %s. Set reconcile.scratch to a writable directory with enough space"
                        .formatted(attempted, scratch, e.getMessage()),
                e);
    }

    /** Forgets all keys. */
    void clear() {
        close();
        writer = null;
        file = null;
    }

    /** Deletes the file, if it can. Its directory is deleted after the run anyway. */
    @Override
    public void close() {
        try {
            if (writer != null && file != null) {
                Files.deleteIfExists(file);
                writer.close();
            }
        } catch (IOException e) {
            // What was not written or deleted is of no use any more.
        }
    }
}
