package dev.registrybackup.objectstore.directory;

import com.google.errorprone.annotations.MustBeClosed;
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
import java.util.Set;

/** A file under way, which nobody sees before it is whole. Closing it removes what was not moved. One thread at a time. */
final class TemporaryFile implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(TemporaryFile.class.getName());

    static final String SUFFIX = ".part";

    /** As often as an S3 client reads content that breaks. */
    private static final int MAX_ATTEMPTS = 3;

    private static final int BUFFER_BYTES = 64 << 10;

    /** As any new file has it, less the umask: a registry with another user of the same group has to read it. */
    private static final FileAttribute<Set<PosixFilePermission>> MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-rw-rw-"));

    private final DirectoryTree directoryTree;
    private final Path path;
    private final FileChannel channel;
    private long size;

    private TemporaryFile(DirectoryTree directoryTree, Path path, FileChannel channel) {
        this.directoryTree = directoryTree;
        this.path = path;
        this.channel = channel;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed with what is returned
    static TemporaryFile create(DirectoryTree directoryTree) throws IOException {
        FilePath directory = FilePath.ofTempDirectory(directoryTree.root());
        Path path = directoryTree.withParents(
                directory.steps(), () -> Files.createTempFile(directory.file(), "", SUFFIX, MODE));
        try {
            return new TemporaryFile(directoryTree, path, FileChannel.open(path, StandardOpenOption.WRITE));
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /** Appends all of the content or nothing. What its source throws unchecked passes through. */
    void append(ContentSource content) throws IOException {
        for (int attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
            try {
                appendOnce(content);
                return;
            } catch (UnreadableContentException e) {
                LOGGER.log(
                        Level.DEBUG, "event=content-read-retried attempt={0} reason=\"{1}\"", attempt, e.getMessage());
            }
        }
        appendOnce(content);
    }

    private void appendOnce(ContentSource content) throws IOException {
        channel.position(size);
        long copied = 0;
        try (InputStream stream = openSource(content)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = read(stream, buffer); count >= 0; count = read(stream, buffer)) {
                write(ByteBuffer.wrap(buffer, 0, count));
                copied += count;
                requireSize(content, copied, copied <= content.size());
            }
        }
        requireSize(content, copied, copied == content.size());
        size += copied;
    }

    private static InputStream openSource(ContentSource content) throws UnreadableContentException {
        try {
            return content.open();
        } catch (IOException e) {
            throw new UnreadableContentException(e);
        }
    }

    private static int read(InputStream stream, byte[] buffer) throws UnreadableContentException {
        try {
            return stream.read(buffer);
        } catch (IOException e) {
            throw new UnreadableContentException(e);
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void requireSize(ContentSource content, long copied, boolean met) throws UnreadableContentException {
        if (!met) {
            throw new UnreadableContentException("Expected %d bytes but read %s%d"
                    .formatted(content.size(), copied > content.size() ? "at least " : "", copied));
        }
    }

    /** Replaces what is at the place by this file. Once it returns the disk has it. */
    void moveTo(FilePath filePath) throws IOException {
        moveIntoPlace(filePath, () -> Files.move(path, filePath.file(), StandardCopyOption.ATOMIC_MOVE));
    }

    /** As {@link #moveTo}, unless there is a file already, and says whether there was none. */
    boolean moveToIfAbsent(FilePath filePath) throws IOException {
        return moveIntoPlace(filePath, () -> {
            try {
                // Of two links of one name the file system makes one; a move would replace.
                Files.createLink(filePath.file(), path);
                return true;
            } catch (FileAlreadyExistsException e) {
                return false;
            }
        });
    }

    private <T> T moveIntoPlace(FilePath filePath, DirectoryTree.FileOperation<T> fileOperation) throws IOException {
        flushAndClose();
        T placed = directoryTree.withParents(filePath.directories(), fileOperation);
        DirectoryTree.sync(filePath.parent());
        return placed;
    }

    private void flushAndClose() throws IOException {
        // A part that failed after some bytes has left them behind the end.
        channel.truncate(size);
        channel.force(true);
        channel.close();
    }

    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOGGER.log(
                    Level.WARNING,
                    "event=temporary-file-not-deleted path={0} reason=\"{1}\" remedy=\"remove it by hand\"",
                    path,
                    e.getMessage());
        }
    }
}
