package dev.registrybackup.objectstore.directory;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;

/** Files under way that nobody goes on with, as a process leaves them that is killed. */
final class StaleTempFiles {
    private StaleTempFiles() {}

    /** Removes those that were last written before that time, and says how many. */
    static long delete(Path root, Instant lastWrittenBefore) throws IOException {
        FilePath filePath = FilePath.ofTempDirectory(root);
        try {
            DirectoryTree.attributes(filePath);
        } catch (NoSuchFileException e) {
            return 0;
        }
        long removed = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(filePath.file(), "*" + TemporaryFile.SUFFIX)) {
            for (Path file : files) {
                removed += isStale(file, lastWrittenBefore) && Files.deleteIfExists(file) ? 1 : 0;
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return removed;
    }

    private static boolean isStale(Path file, Instant lastWrittenBefore) throws IOException {
        try {
            BasicFileAttributes found = DirectoryTree.attributes(file);
            return found.isRegularFile() && found.lastModifiedTime().toInstant().isBefore(lastWrittenBefore);
        } catch (NoSuchFileException e) {
            // Its writer is done with it.
            return false;
        }
    }
}
