package dev.registrybackup.objectstore.directory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Directories below a root that others add to and take from meanwhile. No symbolic link below the root is followed: it is
 * refused wherever it is met, since to pass over it would make a part of a registry look like the whole.
 */
final class DirectoryTree {
    /** More than that many removers cannot come between in practice. */
    private static final int MAX_ATTEMPTS = 10;

    private final Path root;

    DirectoryTree(Path root) {
        this.root = root;
    }

    Path root() {
        return root;
    }

    /**
     * What is at the place.
     *
     * @throws NoSuchFileException if there is nothing
     * @throws NotDirectoryException if a file is on the way to it
     */
    static BasicFileAttributes attributes(FilePath filePath) throws IOException {
        for (Path directory : filePath.directories()) {
            requireDirectory(directory);
        }
        return attributes(filePath.file());
    }

    /** As the other, of a path whose directories are known to be some. */
    static BasicFileAttributes attributes(Path path) throws IOException {
        BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!found.isRegularFile() && !found.isDirectory()) {
            throw FileErrorException.badRequest(
                    "%s is neither a file nor a directory, and links are not followed. Put there what it stands for"
                            .formatted(path));
        }
        return found;
    }

    private static void requireDirectory(Path path) throws IOException {
        if (!attributes(path).isDirectory()) {
            throw new NotDirectoryException(path.toString());
        }
    }

    /** Puts a file into a directory that exists, and may be tried again. */
    interface FileOperation<T> {
        T run() throws IOException;
    }

    /**
     * Makes the directories, from the top down, and has a file put into the last of them. Begins again where a remover
     * took one away that was still empty.
     */
    <T> T withParents(List<Path> directories, FileOperation<T> fileOperation) throws IOException {
        List<Path> changed = new ArrayList<>();
        for (int attempt = 1; ; attempt++) {
            try {
                createDirectories(directories, changed);
                T placed = fileOperation.run();
                for (Path directory : changed) {
                    sync(directory);
                }
                return placed;
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void createDirectories(List<Path> directories, List<Path> changed) throws IOException {
        Path above = root;
        for (Path directory : directories) {
            // Not createDirectories, which would make the root too: a volume that is not mounted stays missing.
            try {
                Files.createDirectory(directory);
                changed.add(above);
            } catch (FileAlreadyExistsException e) {
                requireDirectory(directory);
            }
            above = directory;
        }
    }

    /** Removes the file, and the directories above it that are empty then: a registry takes a directory for a tag. */
    void delete(FilePath filePath) throws IOException {
        Files.deleteIfExists(filePath.file());
        int left = filePath.directories().size();
        while (left > 0 && deleteIfEmpty(filePath.steps().get(left - 1))) {
            left--;
        }
        sync(left == 0 ? root : filePath.steps().get(left - 1));
    }

    private static boolean deleteIfEmpty(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
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
