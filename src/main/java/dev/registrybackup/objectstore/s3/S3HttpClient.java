package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.checksums.DefaultChecksumAlgorithm;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.PayloadChecksumStore;
import software.amazon.awssdk.http.auth.spi.signer.SdkInternalHttpSignerProperty;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.retries.api.AcquireInitialTokenRequest;
import software.amazon.awssdk.retries.api.RecordSuccessRequest;
import software.amazon.awssdk.retries.api.RefreshRetryTokenRequest;
import software.amazon.awssdk.retries.api.RefreshRetryTokenResponse;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.retries.api.RetryToken;
import software.amazon.awssdk.retries.api.TokenAcquisitionFailedException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * Sends all requests but those about a bucket's configuration, with the SDK's signer and HTTP client directly. The SDK's
 * S3 client, which uses the same two, takes two to three times the CPU time, and more before it is warmed up: more than
 * a second for its first upload in parts. Throws the same exceptions as the S3 client, and retries by the same strategy.
 *
 * <p>Safe for use by many threads.
 */
final class S3HttpClient implements AutoCloseable {
    /** A body of this size or more is sent with {@code Expect: 100-continue}, so that the store can refuse it first. */
    private static final long LARGE_BODY_BYTES = 1 << 20;

    /** How much of a document is read that is not a listing. S3's are small, but a proxy's page may be large. */
    private static final int MAX_DOCUMENT_BYTES = 64 << 10;

    /** AWS accepts signatures up to 15 minutes off; the SDK corrects its clock from 4 minutes on. */
    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(4);

    private static final DateTimeFormatter SIGNING_TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /**
     * The location of the bucket.
     *
     * @param url the bucket's URL, without a slash at its end
     * @param region the region for which requests are signed
     */
    record BucketLocation(URI url, String region) {}

    /** Reads a successful response. Closes the body unless it returns it. */
    interface AnswerReader<T> {
        T read(SdkHttpResponse answer, AbortableInputStream body) throws IOException;
    }

    private final SdkHttpClient connections;
    private final AwsCredentialsProvider credentials;
    private final RetryStrategy retries;
    private final Optional<Function<String, URI>> urlInRegion;
    private final boolean sendChecksums;
    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final CountDownLatch closed = new CountDownLatch(1);

    private volatile BucketLocation bucket;
    /** Null while this machine's clock is accurate enough. */
    private volatile @Nullable Clock storeClock;

    /**
     * Creates a client without sending a request.
     *
     * @param connections the pool of connections, which the caller closes
     * @param urlInRegion the bucket's URL in another region, to follow a redirect there; empty to follow none
     * @param sendChecksums whether writes carry a checksum besides the signature
     */
    S3HttpClient(
            SdkHttpClient connections,
            AwsCredentialsProvider credentials,
            RetryStrategy retries,
            BucketLocation bucket,
            Optional<Function<String, URI>> urlInRegion,
            boolean sendChecksums) {
        this.connections = connections;
        this.credentials = credentials;
        this.retries = retries;
        this.bucket = bucket;
        this.urlInRegion = urlInRegion;
        this.sendChecksums = sendChecksums;
    }

    /** A request about an object, to which the caller adds headers and query parameters. */
    SdkHttpRequest.Builder objectRequest(SdkHttpMethod method, String key) {
        return request(method, bucket.url().getRawPath() + "/" + SdkHttpUtils.urlEncodeIgnoreSlashes(key));
    }

    /** A request about the bucket. */
    SdkHttpRequest.Builder bucketRequest(SdkHttpMethod method) {
        return request(method, bucket.url().getRawPath());
    }

    private static SdkHttpRequest.Builder request(SdkHttpMethod method, String path) {
        return SdkHttpRequest.builder().method(method).encodedPath(path).putHeader("User-Agent", "registry-backup");
    }

    /**
     * Sends a request without a body, and retries it if that may help.
     *
     * @param timeout the timeout of each attempt, including reading the response; empty for requests that transfer an
     *     object's bytes
     * @throws SdkException if the store does not answer, or answers with an error
     */
    <T> T send(SdkHttpRequest.Builder request, Optional<Duration> timeout, AnswerReader<T> reader) {
        return send(request, null, false, timeout, reader);
    }

    /**
     * Sends a request with a body, and retries it if that may help.
     *
     * @param inChunks whether to sign each chunk separately if the payload must be signed, because signing its hash
     *     means reading it twice. Over http it must be: nothing else protects it on the way. So a part of a blob is
     *     hashed twice there, for the blob and for the signature, which takes less CPU time than a part's MD5
     * @throws SdkException if the store does not answer, or answers with an error
     * @throws RuntimeException any exception of the content except {@link UncheckedIOException}, unchanged and without
     * retry
     */
    <T> T sendContent(SdkHttpRequest.Builder request, ContentSource content, boolean inChunks, AnswerReader<T> reader) {
        request.putHeader("Content-Length", Long.toString(content.size()));
        if (content.size() >= LARGE_BODY_BYTES) {
            request.putHeader("Expect", "100-continue");
        }
        if (sendChecksums && content.sha256().isEmpty()) {
            request.putHeader("x-amz-sdk-checksum-algorithm", "CRC32");
        }
        return send(request, content, inChunks, Optional.empty(), reader);
    }

    /**
     * Sends a POST with this document, in memory, and reads a field of the one that the store answers with. Such an
     * answer can be an error although its status is 200, because the store sends that before it has done the work.
     *
     * @param root the name of the answer's root element
     * @param field the name of the element below it
     * @throws SdkException if the store does not answer, or answers with an error or another document
     */
    String post(SdkHttpRequest.Builder request, byte[] document, String root, String field) {
        request.putHeader("Content-Length", Integer.toString(document.length));
        return send(request, ContentSource.of(document), false, Optional.empty(), (answer, body) -> {
            byte[] answered = body.readNBytes(MAX_DOCUMENT_BYTES);
            body.close();
            if (S3Documents.field(answered, "Error", "Code").isPresent()) {
                throw refusal(
                        request.build(), answer.toBuilder().statusCode(500).build(), answered);
            }
            return S3Documents.field(answered, root, field)
                    .orElseThrow(() -> new IOException("the response has no %s in a <%s>".formatted(field, root)));
        });
    }

    /** Returns the response's headers, ignores its body, and returns the connection to the pool. */
    static SdkHttpResponse headers(SdkHttpResponse answer, AbortableInputStream body) throws IOException {
        body.close();
        return answer;
    }

    private <T> T send(
            SdkHttpRequest.Builder request,
            @Nullable ContentSource content,
            boolean inChunks,
            Optional<Duration> timeout,
            AnswerReader<T> reader) {
        RetryToken token = retries.acquireInitialToken(AcquireInitialTokenRequest.create("s3"))
                .token();
        boolean corrected = false;
        while (true) {
            if (Thread.currentThread().isInterrupted()) {
                throw AbortedException.create("The thread was interrupted");
            }
            if (closed.getCount() == 0) {
                throw AbortedException.create("The connections to the store are closed");
            }
            BucketLocation target = bucket;
            SdkHttpRequest addressed = request.protocol(target.url().getScheme())
                    .host(target.url().getHost())
                    .port(target.url().getPort() < 0 ? null : target.url().getPort())
                    .build();
            try (ReplayableRequestBody body = content == null ? null : new ReplayableRequestBody(content)) {
                SignedRequest signed = sign(addressed, target.region(), content, inChunks, body);
                try {
                    T result = attempt(signed, body, timeout, reader);
                    retries.recordSuccess(RecordSuccessRequest.create(token));
                    return result;
                } catch (S3Exception e) {
                    SdkHttpResponse answer = e.awsErrorDetails().sdkHttpResponse();
                    if (corrected || !(followToRegion(target, answer) || adoptClock(signed.request(), answer))) {
                        throw e;
                    }
                    corrected = true;
                }
            } catch (SdkException e) {
                token = backOff(token, addressed, e);
            } catch (IOException | UncheckedIOException e) {
                SdkException failure = SdkClientException.create("the request failed: " + e.getMessage(), e);
                token = backOff(token, addressed, failure);
            }
        }
    }

    /** Redirects later requests to the bucket's region, if the response names another one; returns whether it does. */
    private boolean followToRegion(BucketLocation target, SdkHttpResponse answer) {
        int status = answer.statusCode();
        if (status != 301 && status != 307 && status != 400) {
            return false;
        }
        Optional<BucketLocation> there = answer.firstMatchingHeader("x-amz-bucket-region")
                .filter(region -> !region.equals(target.region()))
                .flatMap(region -> urlInRegion.map(urlIn -> new BucketLocation(urlIn.apply(region), region)));
        there.ifPresent(found -> bucket = found);
        return there.isPresent();
    }

    /** Signs later requests by the store's clock, if the request's time was too far off it; returns whether it was. */
    private boolean adoptClock(SdkHttpRequest request, SdkHttpResponse answer) {
        int status = answer.statusCode();
        if (status != 400 && status != 401 && status != 403) {
            return false;
        }
        Optional<Instant> storeTime = time(answer.firstMatchingHeader("Date"), DateTimeFormatter.RFC_1123_DATE_TIME);
        Optional<Instant> signedFor = time(request.firstMatchingHeader("X-Amz-Date"), SIGNING_TIME);
        if (storeTime.isEmpty()
                || signedFor.isEmpty()
                || Duration.between(storeTime.get(), signedFor.get()).abs().compareTo(MAX_CLOCK_SKEW) < 0) {
            return false;
        }
        storeClock = new StoreClock(storeTime.get(), System.nanoTime());
        return true;
    }

    private static Optional<Instant> time(Optional<String> header, DateTimeFormatter format) {
        try {
            return header.map(text -> format.parse(text, Instant::from));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * Waits before the next attempt, as long as the retry strategy requires.
     *
     * @throws SdkException the failure, if there is no next attempt
     */
    private RetryToken backOff(RetryToken token, SdkHttpRequest request, SdkException failure) {
        // Some stores fail a listing with 404 if an object is deleted meanwhile, seen on S3Proxy.
        boolean isBrokenListing = request.method() == SdkHttpMethod.GET
                && request.encodedPath().equals(bucket.url().getRawPath())
                && S3Errors.error(failure) == StoreError.NOT_FOUND;
        try {
            RefreshRetryTokenResponse next = retries.refreshRetryToken(RefreshRetryTokenRequest.builder()
                    .token(token)
                    .failure(isBrokenListing ? RetryableException.create("The listing failed", failure) : failure)
                    .build());
            if (closed.await(next.delay().toNanos(), TimeUnit.NANOSECONDS)) {
                throw failure;
            }
            return next.token();
        } catch (TokenAcquisitionFailedException e) {
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AbortedException.create("The thread was interrupted", failure);
        }
    }

    private SignedRequest sign(
            SdkHttpRequest request,
            String region,
            @Nullable ContentSource content,
            boolean inChunks,
            @Nullable ContentStreamProvider body) {
        AwsCredentialsIdentity identity = credentials.resolveCredentials();
        SignRequest.Builder<AwsCredentialsIdentity> signing = SignRequest.builder(identity)
                .request(request)
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false);
        Clock clock = storeClock;
        if (clock != null) {
            signing.putProperty(HttpSigner.SIGNING_CLOCK, clock);
        }
        Optional<Digest> sha256 = Optional.ofNullable(content).flatMap(ContentSource::sha256);
        if (sha256.isPresent()) {
            // The signer gets the known hash and not the body, which it would read to compute the hash.
            PayloadChecksumStore known = PayloadChecksumStore.create();
            known.putChecksumValue(
                    DefaultChecksumAlgorithm.SHA256,
                    HexFormat.of().parseHex(sha256.get().hex()));
            signing.putProperty(AwsV4HttpSigner.CHECKSUM_ALGORITHM, DefaultChecksumAlgorithm.SHA256)
                    .putProperty(SdkInternalHttpSignerProperty.CHECKSUM_STORE, known);
        } else {
            // Over plain HTTP the signer ignores this and signs the payload.
            signing.putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false);
            if (content != null) {
                signing.payload(body).putProperty(AwsV4HttpSigner.CHUNK_ENCODING_ENABLED, inChunks);
                // Of an upload's document, the header would be taken for the checksum of the whole object.
                if (sendChecksums && request.method() == SdkHttpMethod.PUT) {
                    signing.putProperty(AwsV4HttpSigner.CHECKSUM_ALGORITHM, DefaultChecksumAlgorithm.CRC32);
                }
            }
        }
        return signer.sign(signing.build());
    }

    private <T> T attempt(
            SignedRequest signed,
            @Nullable ContentStreamProvider body,
            Optional<Duration> timeout,
            AnswerReader<T> reader)
            throws IOException {
        ExecutableHttpRequest call = connections.prepareRequest(HttpExecuteRequest.builder()
                .request(signed.request())
                .contentStreamProvider(signed.payload().orElse(body))
                .build());
        CompletableFuture<Void> done = new CompletableFuture<>();
        timeout.ifPresent(
                limit -> done.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS).exceptionally(late -> {
                    call.abort();
                    return null;
                }));
        try {
            HttpExecuteResponse response = call.call();
            SdkHttpResponse answer = response.httpResponse();
            AbortableInputStream content = response.responseBody().orElseGet(AbortableInputStream::createEmpty);
            try {
                if (!answer.isSuccessful()) {
                    throw refusal(signed.request(), answer, content.readNBytes(MAX_DOCUMENT_BYTES));
                }
                return reader.read(answer, content);
            } catch (RuntimeException | IOException e) {
                content.abort();
                throw e;
            }
        } catch (IOException e) {
            if (done.isCompletedExceptionally()) {
                throw ApiCallAttemptTimeoutException.create(
                        timeout.orElseThrow().toMillis());
            }
            throw e;
        } finally {
            done.complete(null);
        }
    }

    /**
     * The exception that the S3 client throws for this response. A response to a HEAD has only its status, no document.
     */
    private static S3Exception refusal(SdkHttpRequest request, SdkHttpResponse answer, byte[] document) {
        boolean isHead = request.method() == SdkHttpMethod.HEAD;
        String code = S3Documents.field(document, "Error", "Code").orElse(null);
        if (isHead && answer.statusCode() == 404) {
            code = "NoSuchKey";
        } else if (isHead && answer.statusText().equals(Optional.of("Slow Down"))) {
            code = "SlowDown";
        }
        return (S3Exception) S3Exception.builder()
                .statusCode(answer.statusCode())
                .requestId(answer.firstMatchingHeader("x-amz-request-id").orElse(null))
                .awsErrorDetails(AwsErrorDetails.builder()
                        .serviceName("S3")
                        .errorCode(code)
                        .sdkHttpResponse(answer)
                        .build())
                .build();
    }

    /** The store's clock: the time of one response, plus the time since. */
    private static final class StoreClock extends Clock {
        private final Instant storeTime;
        private final long receivedAtNanos;

        StoreClock(Instant storeTime, long receivedAtNanos) {
            this.storeTime = storeTime;
            this.receivedAtNanos = receivedAtNanos;
        }

        @Override
        public Instant instant() {
            return storeTime.plusNanos(System.nanoTime() - receivedAtNanos);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** Ends all waits for another attempt; their requests fail. */
    @Override
    public void close() {
        closed.countDown();
    }
}
