package dev.registrybackup.objectstore.directory;

import static java.util.Objects.requireNonNull;

import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.directory.DirectoryErrors.FileErrorException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files and directories below a root, which other processes change meanwhile. A key is a path below the root and
 * nowhere else. Symbolic links below the root are refused, not followed and not skipped: a skipped link would make part of
 * a registry look like all of it.
 *
 * @param root the store's directory, an absolute path
 */
record DirectoryTree(Path root) {
    /** The directory of files being written: below our own records, because a registry fails on unknown names. */
    static final String TEMP_DIRECTORY = "registry-backup/tmp";

    /** Paths that are not objects: files being written, and a directory that file systems keep at the top of a volume. */
    private static final List<String> RESERVED_PATHS = List.of(TEMP_DIRECTORY, "lost+found");

    private static final int MAX_NAME_BYTES = 255;

    /** More concurrent deletions of the same directory do not happen in practice. */
    private static final int MAX_ATTEMPTS = 10;

    /** Why no file can have this key; empty if one can. */
    static Optional<String> invalidKeyReason(String key) {
        for (String segment : key.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                return Optional.of("\"%s\" between slashes is not a file name".formatted(segment));
            }
            if (segment.indexOf('\0') >= 0) {
                return Optional.of("file names have no NUL");
            }
            if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
                return Optional.of("file names have at most %d bytes".formatted(MAX_NAME_BYTES));
            }
        }
        return RESERVED_PATHS.stream()
                .filter(reserved -> (key + "/").startsWith(reserved + "/"))
                .map(reserved -> "files in " + reserved + " are not objects")
                .findFirst();
    }

    static boolean isReserved(String key) {
        return RESERVED_PATHS.contains(key);
    }

    /** The key's path, whether a file exists or not. */
    Path resolve(String key) throws FileErrorException {
        Optional<String> invalid = invalidKeyReason(key);
        if (invalid.isPresent()) {
            throw new FileErrorException(StoreError.BAD_REQUEST, invalid.get());
        }
        try {
            return root.resolve(key);
        } catch (InvalidPathException e) {
            throw new FileErrorException(
                    StoreError.BAD_REQUEST, "the locale of this process cannot write the name. Set LC_ALL to C.UTF-8");
        }
    }

    /** The directory of files being written, which no key names. */
    Path tempDirectory() {
        return root.resolve(TEMP_DIRECTORY);
    }

    /**
     * The attributes at the path. Checks every directory above it too.
     *
     * @throws NoSuchFileException if there is nothing
     * @throws NotDirectoryException if one of those above is a file
     */
    BasicFileAttributes attributes(Path path) throws IOException {
        for (Path directory : pathFromRoot(requireNonNull(path.getParent()))) {
            requireDirectory(directory);
        }
        return ownAttributes(path);
    }

    /** Whether a directory exists at the path. */
    boolean isDirectory(Path path) throws IOException {
        try {
            return attributes(path).isDirectory();
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** The file at the path; empty if there is none, or a directory. */
    Optional<BasicFileAttributes> findFile(Path path) throws IOException {
        try {
            return Optional.of(attributes(path)).filter(BasicFileAttributes::isRegularFile);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    /** The attributes at a path; the caller has checked the directories above it. */
    static BasicFileAttributes ownAttributes(Path path) throws IOException {
        BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!found.isRegularFile() && !found.isDirectory()) {
            throw new FileErrorException(
                    StoreError.BAD_REQUEST,
                    "%s is neither a file nor a directory, and links are not followed. Replace it by its target"
                            .formatted(path));
        }
        return found;
    }

    private static void requireDirectory(Path path) throws IOException {
        if (!ownAttributes(path).isDirectory()) {
            throw new NotDirectoryException(path.toString());
        }
    }

    /** The directories below the root down to this one, from the top. */
    private List<Path> pathFromRoot(Path directory) {
        List<Path> directories = new ArrayList<>();
        for (Path path = directory; !path.equals(root); path = requireNonNull(path.getParent())) {
            directories.add(0, path);
        }
        return directories;
    }

    /** The direct children, in no order. */
    static List<Path> children(Path directory) throws IOException {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
            paths.forEach(children::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return children;
    }

    /**
     * Creates the directory and those above it, from the top, and puts a file into it. Starts again if somebody deleted one
     * of them while it was empty.
     */
    <T> T putInto(Path directory, DirectoryErrors.IoSupplier<T> putFile) throws IOException {
        List<Path> changed = new ArrayList<>();
        for (int attempt = 1; ; attempt++) {
            try {
                createDirectories(directory, changed);
                T put = putFile.run();
                for (Path path : changed) {
                    sync(path);
                }
                return put;
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void createDirectories(Path last, List<Path> changed) throws IOException {
        for (Path directory : pathFromRoot(last)) {
            // Not Files.createDirectories, which would create the root too: an unmounted volume must stay missing.
            try {
                Files.createDirectory(directory);
                changed.add(requireNonNull(directory.getParent()));
            } catch (FileAlreadyExistsException e) {
                requireDirectory(directory);
            }
        }
    }

    /** Deletes the file, and the directories above it that become empty: a registry takes a directory for a tag. */
    void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        Path directory = requireNonNull(file.getParent());
        try {
            while (!directory.equals(root)) {
                Files.deleteIfExists(directory);
                directory = requireNonNull(directory.getParent());
            }
        } catch (DirectoryNotEmptyException e) {
            // It has other files, and so have those above it.
        }
        sync(directory);
    }

    /** Makes the names in the directory durable on disk; does nothing if it was deleted meanwhile. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException e) {
            return;
        }
    }
}
