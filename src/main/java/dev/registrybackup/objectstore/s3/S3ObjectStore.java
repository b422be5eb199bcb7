package dev.registrybackup.objectstore.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** A bucket of an S3 store. Threads: any number. Close it to close its connections. */
public final class S3ObjectStore implements ObjectStore, AutoCloseable {
    /** Up to here a body is kept in memory by its caller anyway, so it is signed by its hash. */
    private static final long IN_MEMORY_BYTES = 1 << 20;

    private final S3Settings settings;
    private final S3Clients clients;
    private final S3Errors errors;
    private final S3Requests requests;
    private final Consumer<AwsRequestOverrideConfiguration.Builder> shortTimeout;

    private S3ObjectStore(S3Settings settings, S3Timeouts timeouts, S3Clients clients) {
        this.settings = settings;
        this.clients = clients;
        this.errors = new S3Errors("the %s bucket %s".formatted(settings.name(), settings.bucket()));
        this.requests = new S3Requests(settings);
        this.shortTimeout = override -> override.apiCallAttemptTimeout(timeouts.smallRequest());
    }

    /**
     * Connects lazily: nothing is asked of the store yet.
     *
     * @param connections how many requests may be under way at once
     * @throws IllegalArgumentException if the certificate file cannot be read
     */
    @MustBeClosed
    public static S3ObjectStore of(S3Settings settings, S3Timeouts timeouts, int connections) {
        return new S3ObjectStore(settings, timeouts, S3Clients.of(settings, timeouts, connections));
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
        try {
            return Optional.of(head(key, null));
        } catch (ObjectStoreException e) {
            return foundByGet(key, null, e);
        }
    }

    @Override
    public void requireBucket() {
        errors.callBucket("reach", () -> {
            try {
                return client().headBucket(request -> request.bucket(bucket()).overrideConfiguration(shortTimeout));
            } catch (NoSuchBucketException e) {
                // Or a proxy that has no route to the store: a listing's answer has a body that tells.
                return client().listObjectsV2(
                                request -> request.bucket(bucket()).maxKeys(1).overrideConfiguration(shortTimeout));
            }
        });
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        try {
            return Optional.of(head(key, null));
        } catch (ObjectStoreException e) {
            return e.error() == StoreError.NOT_FOUND && S3Errors.isOfTheStore(e)
                    ? Optional.empty()
                    : foundByGet(key, null, e);
        }
    }

    @Override
    public Optional<ObjectInfo> headVersion(String key, String versionId) {
        try {
            return Optional.of(head(key, versionId));
        } catch (ObjectStoreException e) {
            // A version that is a delete marker is answered 405.
            return S3Errors.isMethodNotAllowed(e) ? Optional.empty() : foundByGet(key, versionId, e);
        }
    }

    private ObjectInfo head(String key, @Nullable String versionId) {
        return errors.call(
                "look for",
                key,
                () -> S3Responses.toObjectInfo(
                        key,
                        client().headObject(request -> request.bucket(bucket())
                                .key(key)
                                .versionId(versionId)
                                .overrideConfiguration(shortTimeout))));
    }

    /**
     * Asks once more, by a GET, where a HEAD was answered 404: only an answer with a body tells whether the object is
     * absent, or the bucket, or the store, behind a proxy that has no route to it.
     */
    private Optional<ObjectInfo> foundByGet(String key, @Nullable String versionId, ObjectStoreException ofHead) {
        if (ofHead.error() != StoreError.NOT_FOUND) {
            throw ofHead;
        }
        try (OpenObject opened = openObject(
                "look for",
                key,
                Optional.empty(),
                request -> request.versionId(versionId).overrideConfiguration(shortTimeout))) {
            return Optional.of(opened.info());
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return openObject(
                "read",
                key,
                range,
                request -> etag.filter(tag -> !tag.isEmpty()).ifPresent(tag -> request.ifMatch('"' + tag + '"')));
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return openObject("read", key, range, request -> request.versionId(versionId));
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the stream is the caller's, inside what is returned
    private OpenObject openObject(
            String action, String key, Optional<ByteRange> range, Consumer<GetObjectRequest.Builder> which) {
        GetObjectRequest.Builder request =
                GetObjectRequest.builder().bucket(bucket()).key(key);
        range.ifPresent(
                bytes -> request.range("bytes=%d-%d".formatted(bytes.offset(), bytes.offset() + bytes.length() - 1)));
        which.accept(request);
        return errors.call(action, key, () -> S3OpenObject.of(key, client().getObject(request.build())));
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        PutObjectRequest request = requests.put(key, metadata);
        S3Client client = content.size() <= IN_MEMORY_BYTES ? client() : clients.streaming();
        try (ReplayableRequestBody body = new ReplayableRequestBody(content)) {
            return errors.callWrite(
                    "write",
                    key,
                    () -> Optional.ofNullable(
                            client.putObject(request, body.asRequestBody()).versionId()));
        }
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content) {
        try (ReplayableRequestBody body = new ReplayableRequestBody(content)) {
            errors.callWrite("write", key, () -> client().putObject(requests.putIfAbsent(key), body.asRequestBody()));
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.PRECONDITION_FAILED) {
                return false;
            }
            throw e;
        }
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker")
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        String id = errors.callWrite(
                "start writing",
                key,
                () -> client().createMultipartUpload(requests.createMultipartUpload(key, metadata))
                        .uploadId());
        return new S3MultipartUpload(clients.streaming(), errors, requests, bucket(), key, id);
    }

    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        return new IncompleteUploads(client(), errors, bucket()).abort(prefix, startedBefore);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        errors.call(
                "remove",
                key,
                () -> client().deleteObject(request -> request.bucket(bucket())
                        .key(key)
                        .versionId(versionId.orElse(null))
                        .overrideConfiguration(shortTimeout)));
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return S3Listing.of(client(), errors, bucket(), prefix);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return S3VersionListing.of(client(), errors, bucket(), prefix);
    }

    @Override
    public boolean isVersioned() {
        return errors.callBucket(
                        "ask for the versioning of",
                        () -> client().getBucketVersioning(
                                        request -> request.bucket(bucket()).overrideConfiguration(shortTimeout))
                                .status())
                == BucketVersioningStatus.ENABLED;
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        return new S3BucketConfigurationReader(client(), bucket(), shortTimeout).read();
    }

    @Override
    public String bucket() {
        return settings.bucket();
    }

    @Override
    public void close() {
        clients.close();
    }

    private S3Client client() {
        return clients.inMemory();
    }
}
