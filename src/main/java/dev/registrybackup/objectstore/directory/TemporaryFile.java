package dev.registrybackup.objectstore.directory;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;

/** A file that is invisible until it is complete. Closing it deletes it unless it was moved. For one thread at a time. */
final class TemporaryFile implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(TemporaryFile.class.getName());

    private static final String SUFFIX = ".part";

    /** As many times as an S3 client tries to read content. */
    private static final int MAX_ATTEMPTS = 3;

    private static final int BUFFER_BYTES = 64 << 10;

    /** The mode of any new file, less the umask: a registry that runs as another user of the same group has to read it. */
    private static final FileAttribute<Set<PosixFilePermission>> MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-rw-rw-"));

    private final DirectoryTree tree;
    private final Path path;
    private final FileChannel channel;
    private long size;

    private TemporaryFile(DirectoryTree tree, Path path, FileChannel channel) {
        this.tree = tree;
        this.path = path;
        this.channel = channel;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed with what is returned
    static TemporaryFile create(DirectoryTree tree) throws IOException {
        Path directory = tree.tempDirectory();
        Path path = tree.putInto(directory, () -> Files.createTempFile(directory, "", SUFFIX, MODE));
        try {
            return new TemporaryFile(tree, path, FileChannel.open(path, StandardOpenOption.WRITE));
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /** Appends all of the content or nothing. Unchecked exceptions of the source pass through. */
    void append(ContentSource content) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                appendOnce(content);
                return;
            } catch (IOException e) {
                if (attempt == MAX_ATTEMPTS || !channel.isOpen()) {
                    throw e;
                }
                LogEvent.of("content-read-retried")
                        .with("attempt", attempt)
                        .with("reason", e.getMessage())
                        .log(LOGGER, Level.DEBUG);
            }
        }
    }

    private void appendOnce(ContentSource content) throws IOException {
        channel.position(size);
        long copied = 0;
        try (InputStream stream = content.open()) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                copied += count;
                if (copied > content.size()) {
                    throw new IOException("Expected %d bytes but read at least %d".formatted(content.size(), copied));
                }
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        }
        if (copied < content.size()) {
            throw new IOException("Expected %d bytes but read %d".formatted(content.size(), copied));
        }
        size += copied;
    }

    /**
     * Makes this the file at the target, and returns once it is on the disk.
     *
     * @param replaces whether it replaces a file that exists already; otherwise that stays
     * @return whether this is now the file at the target
     */
    boolean moveTo(Path target, boolean replaces) throws IOException {
        // A part that failed may have left bytes behind the end.
        channel.truncate(size);
        channel.force(true);
        channel.close();
        Path directory = requireNonNull(target.getParent());
        boolean moved = tree.putInto(directory, () -> {
            if (replaces) {
                Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
                return true;
            }
            try {
                // The file system creates only one of two links with the same name; a move would replace.
                Files.createLink(target, path);
                return true;
            } catch (FileAlreadyExistsException e) {
                return false;
            }
        });
        DirectoryTree.sync(directory);
        return moved;
    }

    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LogEvent.of("temporary-file-not-deleted")
                    .with("path", path)
                    .with("reason", e.getMessage())
                    .with("remedy", "delete it by hand")
                    .log(LOGGER, Level.WARNING);
        }
    }

    /** Deletes files last written before that time, which killed processes have left; returns how many. */
    static long deleteStale(DirectoryTree tree, Instant lastWrittenBefore) throws IOException {
        Path directory = tree.tempDirectory();
        if (!tree.isDirectory(directory)) {
            return 0;
        }
        long removed = 0;
        for (Path file : DirectoryTree.children(directory)) {
            boolean isStale = file.toString().endsWith(SUFFIX)
                    && tree.findFile(file)
                            .filter(found ->
                                    found.lastModifiedTime().toInstant().isBefore(lastWrittenBefore))
                            .isPresent();
            // Its writer may be done with it meanwhile.
            if (isStale && Files.deleteIfExists(file)) {
                removed++;
            }
        }
        return removed;
    }
}
