package dev.registrybackup.objectstore.directory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.ProbeResult;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A directory as a bucket: a key is the path of a file below it, as a registry's file system driver has it. Threads and
 * processes: any number.
 *
 * <p>A registry's tree has no place for more than names and bytes, so that there are no versions, no metadata and no ETags.
 * A key that no file can have is {@link StoreError#REFUSED}: with a segment that is empty, {@code .} or {@code ..}, or
 * where a directory is or a file is above it. Symbolic links below the directory are refused too, and never followed.
 *
 * <p>What is written is on the disk once it was answered. Until then it lies in {@code registry-backup/tmp}, where a
 * process that is killed leaves it until {@link #abortUploads}.
 */
public final class DirectoryObjectStore implements ObjectStore {
    /** S3's name of the one version that an object of an unversioned bucket has. */
    private static final String UNVERSIONED = "null";

    private final Path root;
    private final DirectoryTree directoryTree;
    private final DirectoryFailures failures;

    private DirectoryObjectStore(String name, Path root) {
        this.root = root;
        this.directoryTree = new DirectoryTree(root);
        this.failures = new DirectoryFailures(name, root);
    }

    /**
     * Looks at nothing yet, and never makes the directory.
     *
     * @param name {@code registry} or {@code backup}, say, for messages
     * @param directory what a registry has as its {@code rootdirectory}
     */
    public static DirectoryObjectStore of(String name, Path directory) {
        return new DirectoryObjectStore(name, directory.toAbsolutePath());
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        Optional<ObjectInfo> found = findBeforeWrite(key);
        if (found.isEmpty()) {
            requireBucket();
        }
        return found;
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        if (FilePath.problemOf(key).isPresent()) {
            return Optional.empty();
        }
        return failures.attempt("look for", key, () -> fileAt(FilePath.of(root, key)))
                .map(file -> DirectoryListing.info(key, file));
    }

    /** The file at the place; empty if there is none, or a directory. */
    private static Optional<BasicFileAttributes> fileAt(FilePath filePath) throws IOException {
        try {
            return Optional.of(DirectoryTree.attributes(filePath)).filter(BasicFileAttributes::isRegularFile);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<ObjectInfo> findVersion(String key, String versionId) {
        if (versionId.equals(UNVERSIONED)) {
            return find(key);
        }
        requireBucket();
        return Optional.empty();
    }

    /** As the port has it; an ETag that is given and not empty is another object's, since there are none here. */
    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the caller's
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return failures.attempt("read", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            BasicFileAttributes file = fileAt(filePath)
                    .orElseThrow(() -> new NoSuchFileException(filePath.file().toString()));
            if (etag.filter(tag -> !tag.isEmpty()).isPresent()) {
                throw FileErrorException.changed("it has no ETag, and that of another object was given");
            }
            return OpenFile.open(filePath.file(), DirectoryListing.info(key, file), range);
        });
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        if (versionId.equals(UNVERSIONED)) {
            return open(key, range, Optional.empty());
        }
        return failures.attempt("read", key, () -> {
            throw new NoSuchFileException("version " + versionId + " of " + key);
        });
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        failures.attemptWrite("write", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            requireFree(filePath);
            try (TemporaryFile file = TemporaryFile.create(directoryTree)) {
                file.append(content);
                file.moveTo(filePath);
            }
        });
        return Optional.empty();
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        return failures.attemptWrite("write", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            if (!requireFree(filePath)) {
                return false;
            }
            try (TemporaryFile file = TemporaryFile.create(directoryTree)) {
                file.append(content);
                return file.moveToIfAbsent(filePath);
            }
        });
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed with the upload
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        return failures.attemptWrite("start writing", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            requireFree(filePath);
            return new DirectoryMultipartUpload(failures, key, filePath, TemporaryFile.create(directoryTree));
        });
    }

    /** Whether nothing is there yet. What can never be replaced is refused before its content is read. */
    private static boolean requireFree(FilePath filePath) throws IOException {
        try {
            if (DirectoryTree.attributes(filePath).isDirectory()) {
                throw FileErrorException.refused(filePath.file() + " is a directory of other objects");
            }
            return false;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    /**
     * Removes the files under way that nobody has written to since that time, whatever the prefix: their names do not tell
     * what they were to become. A writer whose file is gone fails.
     */
    @Override
    public long abortUploads(String prefix, Instant startedBefore) {
        return failures.attemptWrite(
                "remove what was left in", FilePath.TEMPORARY, () -> StaleTempFiles.remove(root, startedBefore));
    }

    /** As the port has it. The directories that are empty without the file go too. */
    @Override
    public void remove(String key, Optional<String> versionId) {
        failures.attemptWrite("remove", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            if (versionId.orElse(UNVERSIONED).equals(UNVERSIONED)
                    && fileAt(filePath).isPresent()) {
                directoryTree.remove(filePath);
            }
        });
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return DirectoryListing.of(failures, root, prefix);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return list(prefix)
                .map(object -> new ObjectVersion(
                        object.key(), UNVERSIONED, object.size(), object.etag(), object.lastModified(), false));
    }

    @Override
    public void requireBucket() {
        failures.requireDirectory();
    }

    @Override
    public boolean versioned() {
        requireBucket();
        return false;
    }

    /** Its clock is this machine's, and none of the rest is known to a directory. */
    @Override
    public BucketConfiguration facts() {
        String reason = "it is a directory";
        return new BucketConfiguration(
                ProbeResult.settled(reason),
                ProbeResult.of(false),
                ProbeResult.settled(reason),
                ProbeResult.settled(reason),
                ProbeResult.settled(reason));
    }

    /** The directory's path. */
    @Override
    public String bucket() {
        return root.toString();
    }
}
