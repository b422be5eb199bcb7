package dev.registrybackup.objectstore.directory;

import static java.util.Objects.requireNonNull;

import dev.registrybackup.objectstore.StoreError;
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
 * The files and directories below a root, which others add to and take from meanwhile. A key is a path below the root and
 * nowhere else. No symbolic link below the root is followed: it is refused wherever it is met, since to pass over it would
 * make a part of a registry look like the whole.
 *
 * @param root the store's directory, an absolute path
 */
record DirectoryTree(Path root) {
    /** Where files are while they are written: below our own bookkeeping, since a registry trips over unknown names. */
    static final String TEMP_DIRECTORY = "registry-backup/tmp";

    /** What is no object: files being written, and what the file system keeps at the top of a volume. */
    private static final List<String> RESERVED_PATHS = List.of(TEMP_DIRECTORY, "lost+found");

    private static final int MAX_NAME_BYTES = 255;

    /** More than that many removers cannot come between in practice. */
    private static final int MAX_ATTEMPTS = 10;

    /** Why no file can have this key, or empty if one can. */
    static Optional<String> invalidKeyReason(String key) {
        for (String segment : key.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                return Optional.of("\"%s\" between slashes is not the name of a file".formatted(segment));
            }
            if (segment.indexOf('\0') >= 0) {
                return Optional.of("the name of a file has no NUL");
            }
            if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
                return Optional.of("the name of a file has at most %d bytes".formatted(MAX_NAME_BYTES));
            }
        }
        return RESERVED_PATHS.stream()
                .filter(reserved -> (key + "/").startsWith(reserved + "/"))
                .map(reserved -> "what is in " + reserved + " is no object")
                .findFirst();
    }

    static boolean isReserved(String key) {
        return RESERVED_PATHS.contains(key);
    }

    /** The key's file, whether it exists or not. */
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
     * What is at the path, with every directory above it looked at too.
     *
     * @throws NoSuchFileException if there is nothing
     * @throws NotDirectoryException if a file is on the way to it
     */
    BasicFileAttributes attributes(Path path) throws IOException {
        for (Path directory : pathFromRoot(requireNonNull(path.getParent()))) {
            requireDirectory(directory);
        }
        return ownAttributes(path);
    }

    /** Whether there is something at the path, and it is a directory. */
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

    /** What is at a path whose directories are known to be some. */
    static BasicFileAttributes ownAttributes(Path path) throws IOException {
        BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!found.isRegularFile() && !found.isDirectory()) {
            throw new FileErrorException(
                    StoreError.BAD_REQUEST,
                    "%s is neither a file nor a directory, and links are not followed. Put there what it stands for"
                            .formatted(path));
        }
        return found;
    }

    private static void requireDirectory(Path path) throws IOException {
        if (!ownAttributes(path).isDirectory()) {
            throw new NotDirectoryException(path.toString());
        }
    }

    /** The directory and those above it up to the root, which is not among them, from the top down. */
    private List<Path> pathFromRoot(Path directory) {
        List<Path> directories = new ArrayList<>();
        for (Path path = directory; !path.equals(root); path = requireNonNull(path.getParent())) {
            directories.add(0, path);
        }
        return directories;
    }

    /** What is directly in the directory, in no order. */
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
     * Makes the directory and those above it, from the top down, and has a file put into it. Begins again where a remover
     * took one away that was still empty.
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
            // Not Files.createDirectories, which would make the root too: a volume that is not mounted stays missing.
            try {
                Files.createDirectory(directory);
                changed.add(requireNonNull(directory.getParent()));
            } catch (FileAlreadyExistsException e) {
                requireDirectory(directory);
            }
        }
    }

    /** Removes the file, and the directories above it that are empty then: a registry takes a directory for a tag. */
    void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
        Path directory = requireNonNull(file.getParent());
        try {
            while (!directory.equals(root)) {
                Files.deleteIfExists(directory);
                directory = requireNonNull(directory.getParent());
            }
        } catch (DirectoryNotEmptyException e) {
            // It has other objects, and so have those above it.
        }
        sync(directory);
    }

    /** Has the disk keep the names in the directory, unless it is gone again, and with it all that was in it. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException e) {
            return;
        }
    }
}
