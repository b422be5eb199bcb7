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
    private final DirectoryTree tree;
    private final DirectoryErrors errors;

    private DirectoryObjectStore(String name, Path root) {
        this.root = root;
        this.tree = new DirectoryTree(root);
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
        if (DirectoryTree.invalidKeyReason(key).isPresent()) {
            return Optional.empty();
        }
        return errors.call("look for", key, () -> tree.findFile(tree.resolve(key)))
                .map(file -> DirectoryListing.toObjectInfo(key, file));
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
            Path path = tree.resolve(key);
            BasicFileAttributes file = tree.findFile(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
            if (etag.filter(tag -> !tag.isEmpty()).isPresent()) {
                throw new FileErrorException(
                        StoreError.PRECONDITION_FAILED, "it has no ETag, and that of another object was given");
            }
            return OpenFile.open(path, DirectoryListing.toObjectInfo(key, file), range);
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
        return errors.callWrite("write", key, () -> {
            Path path = writablePath(key);
            try (TemporaryFile file = TemporaryFile.create(tree)) {
                file.append(content);
                file.moveTo(path);
            }
            return Optional.empty();
        });
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        return errors.callWrite("write", key, () -> {
            Path path = writablePath(key);
            try (TemporaryFile file = TemporaryFile.create(tree)) {
                file.append(content);
                return file.moveToIfAbsent(path);
            }
        });
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed with the upload
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        return errors.callWrite("start writing", key, () -> {
            Path path = writablePath(key);
            return new Upload(key, path, TemporaryFile.create(tree));
        });
    }

    /** Parts that are one file from the first on, moved to its place when complete. One thread at a time. */
    private final class Upload implements MultipartUpload {
        private final String key;
        private final Path path;
        private final TemporaryFile file;

        Upload(String key, Path path, TemporaryFile file) {
            this.key = key;
            this.path = path;
            this.file = file;
        }

        @Override
        public void uploadPart(ContentSource content) {
            errors.callWrite("write a part of", key, () -> {
                file.append(content);
                return key;
            });
        }

        @Override
        public void complete() {
            errors.callWrite("complete", key, () -> {
                file.moveTo(path);
                return key;
            });
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** The key's file. What can never be replaced by a file is refused before its content is read. */
    private Path writablePath(String key) throws IOException {
        Path path = tree.resolve(key);
        if (tree.isDirectory(path)) {
            throw new FileErrorException(StoreError.BAD_REQUEST, path + " is a directory of other objects");
        }
        return path;
    }

    /**
     * Removes the files under way that nobody has written to since that time, whatever the prefix: their names do not tell
     * what they were to become. A writer whose file is gone fails.
     */
    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        return errors.callWrite(
                "remove what was left in",
                DirectoryTree.TEMP_DIRECTORY,
                () -> TemporaryFile.deleteStale(tree, startedBefore));
    }

    /** As the port has it. The directories that are empty without the file go too. */
    @Override
    public void delete(String key, Optional<String> versionId) {
        errors.callWrite("remove", key, () -> {
            Path path = tree.resolve(key);
            if (versionId.orElse(UNVERSIONED_ID).equals(UNVERSIONED_ID)
                    && tree.findFile(path).isPresent()) {
                tree.delete(path);
            }
            return key;
        });
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return DirectoryListing.of(errors, tree, prefix);
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
