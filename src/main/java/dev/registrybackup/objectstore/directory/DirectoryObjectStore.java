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
import dev.registrybackup.objectstore.directory.DirectoryErrors.FileErrorException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A directory as a bucket: a key is the path of a file below it, as in a registry's file system driver. Safe for use by
 * many threads and processes.
 *
 * <p>A registry's tree has only names and bytes, so there are no versions, no metadata and no ETags. A key that no file can
 * have is {@link StoreError#BAD_REQUEST}: one with a segment that is empty, {@code .} or {@code ..}, one whose path is a
 * directory, or one with a file above it. Symbolic links below the directory are refused too, and never followed.
 *
 * <p>A write returns once the content is on the disk. Until then it is in {@code registry-backup/tmp}, where a killed process
 * leaves it until {@link #abortMultipartUploads}.
 */
public final class DirectoryObjectStore implements ObjectStore {
    /** S3's id of the only version in an unversioned bucket. */
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
     * Does not access the directory yet, and never creates it.
     *
     * @param name a name for messages, such as {@code registry} or {@code backup}
     * @param directory the registry's {@code rootdirectory}
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

    /** Implements the port. There are no ETags here, so any given ETag that is not empty does not match. */
    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the caller's
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return errors.call("read", key, () -> {
            Path path = tree.resolve(key);
            BasicFileAttributes file = tree.findFile(path).orElseThrow(() -> new NoSuchFileException(path.toString()));
            if (etag.filter(tag -> !tag.isEmpty()).isPresent()) {
                throw new FileErrorException(StoreError.PRECONDITION_FAILED, "it has no ETag, but one was given");
            }
            return OpenFile.open(path, key, file.lastModifiedTime().toInstant(), range);
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
        write(key, content, true);
        return Optional.empty();
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        return write(key, content, false);
    }

    private boolean write(String key, ContentSource content, boolean replaces) {
        return errors.callWrite("write", key, () -> {
            Path path = writablePath(key);
            try (TemporaryFile file = TemporaryFile.create(tree)) {
                file.append(content);
                return file.moveTo(path, replaces);
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

    /** Appends parts to one temporary file, which {@link #complete} moves into place. For one thread at a time. */
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
            errors.callWrite("complete", key, () -> file.moveTo(path, true));
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** The key's path. Refuses the path of a directory before any content is read. */
    private Path writablePath(String key) throws IOException {
        Path path = tree.resolve(key);
        if (tree.isDirectory(path)) {
            throw new FileErrorException(StoreError.BAD_REQUEST, path + " is a directory of other objects");
        }
        return path;
    }

    /**
     * Deletes temporary files last written before that time. Ignores the prefix, because their names do not contain the
     * key. A writer whose file is deleted fails.
     */
    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        return errors.callWrite(
                "delete old files in",
                DirectoryTree.TEMP_DIRECTORY,
                () -> TemporaryFile.deleteStale(tree, startedBefore));
    }

    /** Deletes the file, and the directories that become empty. */
    @Override
    public void delete(String key, Optional<String> versionId) {
        errors.callWrite("delete", key, () -> {
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

    /** The clock is this machine's. A directory has none of the other settings. */
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
