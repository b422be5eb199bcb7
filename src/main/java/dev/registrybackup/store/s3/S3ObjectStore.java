package dev.registrybackup.store.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import dev.registrybackup.store.StoreError;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** A bucket of an S3 store. Threads: any number. Close it to close its connections. */
public final class S3ObjectStore implements ObjectStore, AutoCloseable {
    /** Up to here a body is kept in memory by its caller anyway, so it is signed by its hash. */
    private static final long IN_MEMORY_BYTES = 1 << 20;

    private final S3Settings settings;
    private final S3Clients clients;
    private final S3Failures failures;
    private final S3Writing writing;
    private final Consumer<AwsRequestOverrideConfiguration.Builder> quick;

    private S3ObjectStore(S3Settings settings, S3Timeouts timeouts, S3Clients clients) {
        this.settings = settings;
        this.clients = clients;
        this.failures = new S3Failures("the %s bucket %s".formatted(settings.name(), settings.bucket()));
        this.writing = new S3Writing(settings.bucket(), settings.writing());
        this.quick = override -> override.apiCallAttemptTimeout(timeouts.smallRequest());
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
    public Optional<ObjectInfo> find(String key) {
        Optional<ObjectInfo> found = findBeforeWrite(key);
        if (found.isEmpty()) {
            requireBucket();
        }
        return found;
    }

    @Override
    public void requireBucket() {
        failures.attemptOnBucket(
                "reach",
                () -> client().headBucket(request -> request.bucket(bucket()).overrideConfiguration(quick)));
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        try {
            return Optional.of(failures.attempt(
                    "look for",
                    key,
                    () -> info(
                            key,
                            client().headObject(request ->
                                    request.bucket(bucket()).key(key).overrideConfiguration(quick)))));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the stream is the caller's, inside what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        GetObjectRequest.Builder request =
                GetObjectRequest.builder().bucket(bucket()).key(key);
        range.ifPresent(
                bytes -> request.range("bytes=%d-%d".formatted(bytes.offset(), bytes.offset() + bytes.length() - 1)));
        etag.filter(tag -> !tag.isEmpty()).ifPresent(tag -> request.ifMatch('"' + tag + '"'));
        ResponseInputStream<GetObjectResponse> answer =
                failures.attempt("read", key, () -> client().getObject(request.build()));
        return new S3OpenObject(info(key, answer.response()), answer);
    }

    @Override
    public Optional<String> put(String key, ReplayableContent content, Map<String, String> metadata) {
        PutObjectRequest request = writing.put(key, metadata);
        S3Client client = content.size() <= IN_MEMORY_BYTES ? client() : clients.streaming();
        try (OpenedByTheClient body = new OpenedByTheClient(content)) {
            return failures.attemptWrite(
                    "write",
                    key,
                    () -> Optional.ofNullable(
                            client.putObject(request, body.asRequestBody()).versionId()));
        }
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker")
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        String id = failures.attemptWrite(
                "start writing",
                key,
                () -> client().createMultipartUpload(writing.multipart(key, metadata))
                        .uploadId());
        return new S3MultipartUpload(clients.streaming(), failures, bucket(), key, id);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        failures.attempt(
                "remove",
                key,
                () -> client().deleteObject(request -> request.bucket(bucket())
                        .key(key)
                        .versionId(versionId.orElse(null))
                        .overrideConfiguration(quick)));
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        return S3Listing.of(client(), failures, bucket(), prefix);
    }

    @Override
    public boolean versioned() {
        return failures.attemptOnBucket(
                        "ask for the versioning of",
                        () -> client().getBucketVersioning(
                                        request -> request.bucket(bucket()).overrideConfiguration(quick))
                                .status())
                == BucketVersioningStatus.ENABLED;
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

    private static ObjectInfo info(String key, HeadObjectResponse answer) {
        return new ObjectInfo(
                key,
                answer.contentLength(),
                S3Listing.unquoted(answer.eTag()),
                answer.lastModified(),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    private static ObjectInfo info(String key, GetObjectResponse answer) {
        return new ObjectInfo(
                key,
                wholeSize(answer),
                S3Listing.unquoted(answer.eTag()),
                answer.lastModified(),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    /** Header names come in any case, and some servers change it. */
    private static Map<String, String> lowerCase(Map<String, String> metadata) {
        return metadata.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> entry.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue, (one, other) -> one));
    }

    private static long wholeSize(GetObjectResponse answer) {
        String range = answer.contentRange();
        return range == null ? answer.contentLength() : Long.parseLong(range.substring(range.indexOf('/') + 1));
    }
}
