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
 * A key that no file can have is {@link StoreError#BAD_REQUEST}: with a segment that is empty, {@code .} or {@code ..}, or
 * where a directory is or a file is above it. Symbolic links below the directory are refused too, and never followed.
 *
 * <p>What is written is on the disk once it was answered. Until then it lies in {@code registry-backup/tmp}, where a
 * process that is killed leaves it until {@link #abortMultipartUploads}.
 */
public final class DirectoryObjectStore implements ObjectStore {
    /** S3's name of the one version that an object of an unversioned bucket has. */
    private static final String UNVERSIONED_ID = "null";

    private final Path root;
    private final DirectoryTree directoryTree;
    private final DirectoryErrors errors;

    private DirectoryObjectStore(String name, Path root) {
        this.root = root;
        this.directoryTree = new DirectoryTree(root);
        this.errors = new DirectoryErrors(name, root);
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
    public Optional<ObjectInfo> head(String key) {
        Optional<ObjectInfo> found = headBeforeWrite(key);
        if (found.isEmpty()) {
            requireBucket();
        }
        return found;
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        if (FilePath.invalidKeyReason(key).isPresent()) {
            return Optional.empty();
        }
        return errors.call("look for", key, () -> findFile(FilePath.of(root, key)))
                .map(file -> DirectoryListing.toObjectInfo(key, file));
    }

    /** The file at the place; empty if there is none, or a directory. */
    private static Optional<BasicFileAttributes> findFile(FilePath filePath) throws IOException {
        try {
            return Optional.of(DirectoryTree.attributes(filePath)).filter(BasicFileAttributes::isRegularFile);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<ObjectInfo> headVersion(String key, String versionId) {
        if (versionId.equals(UNVERSIONED_ID)) {
            return head(key);
        }
        requireBucket();
        return Optional.empty();
    }

    /** As the port has it; an ETag that is given and not empty is another object's, since there are none here. */
    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the caller's
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return errors.call("read", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            BasicFileAttributes file = findFile(filePath)
                    .orElseThrow(() -> new NoSuchFileException(filePath.file().toString()));
            if (etag.filter(tag -> !tag.isEmpty()).isPresent()) {
                throw FileErrorException.preconditionFailed("it has no ETag, and that of another object was given");
            }
            return OpenFile.open(filePath.file(), DirectoryListing.toObjectInfo(key, file), range);
        });
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        if (versionId.equals(UNVERSIONED_ID)) {
            return open(key, range, Optional.empty());
        }
        return errors.call("read", key, () -> {
            throw new NoSuchFileException("version " + versionId + " of " + key);
        });
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        errors.callWrite("write", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            requireNotDirectory(filePath);
            try (TemporaryFile file = TemporaryFile.create(directoryTree)) {
                file.append(content);
                file.moveTo(filePath);
            }
        });
        return Optional.empty();
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        return errors.callWrite("write", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            if (!requireNotDirectory(filePath)) {
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
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        return errors.callWrite("start writing", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            requireNotDirectory(filePath);
            return new DirectoryMultipartUpload(errors, key, filePath, TemporaryFile.create(directoryTree));
        });
    }

    /** Whether nothing is there yet. What can never be replaced is refused before its content is read. */
    private static boolean requireNotDirectory(FilePath filePath) throws IOException {
        try {
            if (DirectoryTree.attributes(filePath).isDirectory()) {
                throw FileErrorException.badRequest(filePath.file() + " is a directory of other objects");
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
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        return errors.callWrite(
                "remove what was left in", FilePath.TEMP_DIRECTORY, () -> StaleTempFiles.delete(root, startedBefore));
    }

    /** As the port has it. The directories that are empty without the file go too. */
    @Override
    public void delete(String key, Optional<String> versionId) {
        errors.callWrite("remove", key, () -> {
            FilePath filePath = FilePath.of(root, key);
            if (versionId.orElse(UNVERSIONED_ID).equals(UNVERSIONED_ID)
                    && findFile(filePath).isPresent()) {
                directoryTree.delete(filePath);
            }
        });
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return DirectoryListing.of(errors, root, prefix);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return list(prefix)
                .map(object -> new ObjectVersion(
                        object.key(), UNVERSIONED_ID, object.size(), object.etag(), object.lastModified(), false));
    }

    @Override
    public void requireBucket() {
        errors.requireDirectory();
    }

    @Override
    public boolean isVersioned() {
        requireBucket();
        return false;
    }

    /** Its clock is this machine's, and none of the rest is known to a directory. */
    @Override
    public BucketConfiguration bucketConfiguration() {
        String reason = "it is a directory";
        return new BucketConfiguration(
                ProbeResult.permanentFailure(reason),
                ProbeResult.of(false),
                ProbeResult.permanentFailure(reason),
                ProbeResult.permanentFailure(reason),
                ProbeResult.permanentFailure(reason));
    }

    /** The directory's path. */
    @Override
    public String bucket() {
        return root.toString();
    }
}
