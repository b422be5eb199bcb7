package dev.registrybackup.objectstore.directory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Lists a directory tree as a stream, one directory at a time. Holds the entries of the current directory and of those
 * above it in memory, and keeps no directory open.
 */
final class DirectoryListing extends Spliterators.AbstractSpliterator<ObjectInfo> {
    /** The order of S3: by the bytes of the key. */
    private static final Comparator<DirectoryEntry> ORDER = Comparator.comparing(
            directoryEntry -> directoryEntry.key().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    /** A file or a directory. A directory's key ends in a slash, which counts for the order. */
    private record DirectoryEntry(String key, Path path, BasicFileAttributes attributes) {}

    private final DirectoryErrors errors;
    private final String prefix;
    private final Deque<Iterator<DirectoryEntry>> openDirectories = new ArrayDeque<>();

    private DirectoryListing(DirectoryErrors errors, String prefix) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.errors = errors;
        this.prefix = prefix;
    }

    @MustBeClosed
    static Stream<ObjectInfo> of(DirectoryErrors errors, DirectoryTree tree, String prefix) {
        errors.requireDirectory();
        DirectoryListing listing = new DirectoryListing(errors, prefix);
        int slash = prefix.lastIndexOf('/');
        if (slash < 0) {
            listing.pushDirectory("", tree::root);
        } else if (DirectoryTree.invalidKeyReason(prefix.substring(0, slash)).isEmpty()) {
            listing.pushDirectory(prefix.substring(0, slash + 1), () -> {
                Path directory = tree.resolve(prefix.substring(0, slash));
                tree.attributes(directory);
                return directory;
            });
        }
        return StreamSupport.stream(listing, false);
    }

    @Override
    public boolean tryAdvance(Consumer<? super ObjectInfo> action) {
        while (!openDirectories.isEmpty()) {
            if (!openDirectories.element().hasNext()) {
                openDirectories.remove();
                continue;
            }
            DirectoryEntry directoryEntry = openDirectories.element().next();
            if (directoryEntry.attributes().isRegularFile()) {
                action.accept(toObjectInfo(directoryEntry.key(), directoryEntry.attributes()));
                return true;
            }
            pushDirectory(directoryEntry.key(), directoryEntry::path);
        }
        return false;
    }

    private void pushDirectory(String directoryKey, DirectoryErrors.IoSupplier<Path> directory) {
        List<DirectoryEntry> entries = errors.call("list", directoryKey.isEmpty() ? "objects" : directoryKey, () -> {
            try {
                return listEntries(directoryKey, directory.run());
            } catch (NoSuchFileException | NotDirectoryException e) {
                // It was deleted meanwhile, unless the whole volume is gone.
                errors.requireDirectory();
                return List.of();
            }
        });
        openDirectories.push(entries.iterator());
    }

    private List<DirectoryEntry> listEntries(String directoryKey, Path directory) throws IOException {
        List<DirectoryEntry> entries = new ArrayList<>();
        for (Path path : DirectoryTree.children(directory)) {
            toEntry(directoryKey + path.getFileName(), path).ifPresent(entries::add);
        }
        entries.sort(ORDER);
        return entries;
    }

    private Optional<DirectoryEntry> toEntry(String key, Path path) throws IOException {
        if (!key.startsWith(prefix) || DirectoryTree.isReserved(key)) {
            return Optional.empty();
        }
        try {
            BasicFileAttributes attributes = DirectoryTree.ownAttributes(path);
            return Optional.of(new DirectoryEntry(attributes.isDirectory() ? key + "/" : key, path, attributes));
        } catch (NoSuchFileException e) {
            errors.requireDirectory();
            return Optional.empty();
        }
    }

    static ObjectInfo toObjectInfo(String key, BasicFileAttributes attributes) {
        return new ObjectInfo(
                key, attributes.size(), "", attributes.lastModifiedTime().toInstant(), Map.of(), Optional.empty());
    }
}
