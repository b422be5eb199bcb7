package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** A folder that is deleted when it is closed, or with the JVM. */
final class TemporaryDirectory implements AutoCloseable {

    private final Path path;
    private final Runnable atExit = this::remove;

    private TemporaryDirectory(Path path) {
        this.path = path;
        AtExit.remember(atExit);
    }

    /** Short names: a Unix socket's path may have 107 characters. */
    static TemporaryDirectory create(String purpose) {
        try {
            return new TemporaryDirectory(Files.createTempDirectory("lab-" + purpose + "-"));
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to make a temporary folder for " + purpose, cause);
        }
    }

    Path path() {
        return path;
    }

    Path write(String name, String content) {
        try {
            return Files.writeString(path.resolve(name), content);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to write " + name + " in " + path, cause);
        }
    }

    @Override
    public void close() {
        AtExit.forget(atExit);
        remove();
    }

    private void remove() {
        try {
            Files.walkFileTree(path, new Remover());
        } catch (NoSuchFileException gone) {
            // Closed twice.
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to remove " + path, cause);
        }
    }

    /** Deletes files, then their folder; a file that a dying process has deleted itself is not an error. */
    private static final class Remover extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException cause) throws IOException {
            if (cause instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw cause;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException cause) throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
        }
    }
}
