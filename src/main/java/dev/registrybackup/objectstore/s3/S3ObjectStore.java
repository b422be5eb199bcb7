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
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A bucket of an S3 store. Safe for use by many threads. Closing it closes its connections. */
public final class S3ObjectStore implements ObjectStore, AutoCloseable {
    /** Up to this size the caller has the body in memory, so its hash is signed although that reads it twice. */
    private static final long IN_MEMORY_BYTES = 1 << 20;

    private final S3Settings settings;
    private final S3Clients clients;
    private final S3Errors errors;
    private final S3Requests requests;
    private final Optional<Duration> smallRequest;
    private final Consumer<AwsRequestOverrideConfiguration.Builder> shortTimeout;

    private S3ObjectStore(S3Settings settings, S3Timeouts timeouts, S3Clients clients) {
        this.settings = settings;
        this.clients = clients;
        this.errors = new S3Errors("the %s bucket %s".formatted(settings.name(), settings.bucket()));
        this.requests = new S3Requests(settings, clients.http());
        this.smallRequest = Optional.of(timeouts.smallRequest());
        this.shortTimeout = override -> override.apiCallAttemptTimeout(timeouts.smallRequest());
    }

    /**
     * Opens a bucket without sending a request.
     *
     * @param connections how many requests may run at once
     * @throws IllegalArgumentException if the certificate file cannot be read, or neither an endpoint nor a region is
     * set
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
                return http().send(http().bucketRequest(SdkHttpMethod.HEAD), smallRequest, S3HttpClient::headers);
            } catch (S3Exception e) {
                if (e.statusCode() != 404) {
                    throw e;
                }
                // The 404 may be a proxy's that has no route to the store. A listing's response has a body that shows
                // which one it is.
                SdkHttpRequest.Builder listing = http().bucketRequest(SdkHttpMethod.GET)
                        .putRawQueryParameter("list-type", "2")
                        .putRawQueryParameter("max-keys", "1");
                return http().send(listing, smallRequest, S3HttpClient::headers);
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
            // The store answers 405 if the version is a delete marker.
            return S3Errors.isMethodNotAllowed(e) ? Optional.empty() : foundByGet(key, versionId, e);
        }
    }

    private ObjectInfo head(String key, @Nullable String versionId) {
        return errors.call(
                "look for",
                key,
                () -> S3Responses.toObjectInfo(
                        key,
                        http().send(request(SdkHttpMethod.HEAD, key, versionId), smallRequest, S3HttpClient::headers)));
    }

    private SdkHttpRequest.Builder request(SdkHttpMethod method, String key, @Nullable String versionId) {
        SdkHttpRequest.Builder request = http().objectRequest(method, key);
        return versionId == null ? request : request.putRawQueryParameter("versionId", versionId);
    }

    /**
     * Sends a GET after a HEAD was answered 404. Only a response with a body shows whether the object is missing, the
     * bucket is missing, or a proxy has no route to the store.
     */
    private Optional<ObjectInfo> foundByGet(String key, @Nullable String versionId, ObjectStoreException ofHead) {
        if (ofHead.error() != StoreError.NOT_FOUND) {
            throw ofHead;
        }
        try (OpenObject opened =
                openObject("look for", key, request(SdkHttpMethod.GET, key, versionId), smallRequest)) {
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
        SdkHttpRequest.Builder request = get(key, null, range);
        etag.filter(tag -> !tag.isEmpty()).ifPresent(tag -> request.putHeader("If-Match", '"' + tag + '"'));
        return openObject("read", key, request, Optional.empty());
    }

    @Override
    @MustBeClosed
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return openObject("read", key, get(key, versionId, range), Optional.empty());
    }

    private SdkHttpRequest.Builder get(String key, @Nullable String versionId, Optional<ByteRange> range) {
        SdkHttpRequest.Builder request = request(SdkHttpMethod.GET, key, versionId);
        range.ifPresent(bytes -> request.putHeader(
                "Range", "bytes=%d-%d".formatted(bytes.offset(), bytes.offset() + bytes.length() - 1)));
        return request;
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the caller closes the returned object, and so the stream
    private OpenObject openObject(
            String action, String key, SdkHttpRequest.Builder request, Optional<Duration> timeout) {
        return errors.call(
                action,
                key,
                () -> http().send(
                                request,
                                timeout,
                                (answer, body) -> new S3OpenObject(
                                        S3Responses.toObjectInfo(key, answer),
                                        body,
                                        S3Responses.contentLength(answer))));
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        return S3Responses.versionId(put(key, requests.put(key, metadata), content));
    }

    private SdkHttpResponse put(String key, SdkHttpRequest.Builder request, ContentSource content) {
        return errors.callWrite(
                "write",
                key,
                () -> http().sendContent(request, content, content.size() > IN_MEMORY_BYTES, S3HttpClient::headers));
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        try {
            put(key, requests.putIfAbsent(key, metadata), content);
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
                () -> http().post(
                                requests.createUpload(key, metadata),
                                new byte[0],
                                "InitiateMultipartUploadResult",
                                "UploadId"));
        return new S3MultipartUpload(http(), errors, requests, key, id);
    }

    @Override
    public long abortMultipartUploads(String prefix, Instant startedBefore) {
        try (Stream<ObjectVersion> uploads = S3Listing.ofUploads(http(), errors, prefix)) {
            return uploads.filter(upload -> upload.lastModified().isBefore(startedBefore))
                    .filter(upload -> abortUpload(upload.key(), upload.versionId()))
                    .count();
        }
    }

    /** Returns whether the upload still existed. */
    private boolean abortUpload(String key, String uploadId) {
        try {
            errors.call(
                    "abort the upload of",
                    key,
                    () -> http().send(requests.abortUpload(key, uploadId), smallRequest, S3HttpClient::headers));
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        errors.call(
                "delete",
                key,
                () -> http().send(
                                request(SdkHttpMethod.DELETE, key, versionId.orElse(null)),
                                smallRequest,
                                S3HttpClient::headers));
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return S3Listing.ofObjects(http(), errors, prefix);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectVersion> listVersions(String prefix) {
        return S3Listing.ofVersions(http(), errors, prefix);
    }

    @Override
    public boolean isVersioned() {
        Optional<String> status = errors.callBucket(
                "read the versioning of",
                () -> http().send(
                                http().bucketRequest(SdkHttpMethod.GET).putRawQueryParameter("versioning", ""),
                                smallRequest,
                                (answer, body) -> {
                                    try (body) {
                                        return S3Documents.field(
                                                body.readAllBytes(), "VersioningConfiguration", "Status");
                                    }
                                }));
        return status.equals(Optional.of("Enabled"));
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        return new S3BucketConfigurationReader(clients.client(), bucket(), shortTimeout).read();
    }

    @Override
    public String bucket() {
        return settings.bucket();
    }

    @Override
    public void close() {
        clients.close();
    }

    private S3HttpClient http() {
        return clients.http();
    }
}
