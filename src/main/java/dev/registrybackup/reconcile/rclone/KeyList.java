package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** A file that names the only keys to compare, a line each, relative to the part's prefix. */
final class KeyList {
    private KeyList() {}

    /**
     * Writes a new file into the directory; it is the caller's to remove.
     *
     * @throws IllegalArgumentException if a key is not below the prefix, or cannot stand in a line
     */
    static Path write(Path directory, String prefix, Collection<String> keys) throws IOException {
        keys.forEach(key -> requireWritable(prefix, key));
        Path file = Files.createTempFile(directory, "rclone-", ".keys");
        try (BufferedWriter lines = Files.newBufferedWriter(file, UTF_8)) {
            for (String key : keys) {
                lines.write(key.substring(prefix.length()));
                lines.write('\n');
            }
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
        return file;
    }

    private static void requireWritable(String prefix, String key) {
        if (!key.startsWith(prefix) || key.length() == prefix.length()) {
            throw new IllegalArgumentException(
                    "Failed to ask again about %s: it is not below %s".formatted(key, prefix));
        }
        if (key.indexOf('\n') >= 0 || key.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("Failed to ask again about a key: it has a line break in it: "
                    + key.replace("\n", "\\n").replace("\r", "\\r"));
        }
    }
}
