package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ContentSource;
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
 * The requests that are made for each object and each page of a listing, on the shortest way: signed by the SDK's signer
 * and sent by its HTTP client. The S3 client's own way to the same two takes two to three times the processor time, and
 * more while it is cold. What fails is thrown as the S3 client throws it, and tried again by the same strategy.
 *
 * <p>Threads: any number.
 */
final class S3HttpClient implements AutoCloseable {
    /** From here on the store is asked whether it wants the body before it is sent. */
    private static final long LARGE_BODY_BYTES = 1 << 20;

    /** An error's document is small; of anything else that answers only so much is looked at. */
    private static final int MAX_ERROR_BYTES = 64 << 10;

    /** AWS lets a signature's time differ by 15 minutes; the SDK corrects its clock from 4 on. */
    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(4);

    private static final DateTimeFormatter SIGNING_TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /**
     * Where the bucket is.
     *
     * @param url the bucket's own, without a slash at its end
     * @param region what requests are signed for
     */
    record BucketLocation(URI url, String region) {}

    /** Takes what it wants from an answer, and closes the body, unless that is what it returns. */
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
    /** Null as long as this machine's clock will do. */
    private volatile @Nullable Clock storeClock;

    /**
     * Sends nothing yet.
     *
     * @param connections not closed by this
     * @param urlInRegion the bucket's URL in another region, if the store may say that it is there; empty to stay
     * @param sendChecksums whether what is written has a checksum of its own, beside the signature
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

    /** A request about an object, to be completed by headers and query parameters. */
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
     * Sends a request without a body, again where that may help.
     *
     * @param timeout for each attempt, until the answer is read; empty where it moves an object's bytes
     * @throws SdkException if there is no answer, or one that says no
     */
    <T> T send(SdkHttpRequest.Builder request, Optional<Duration> timeout, AnswerReader<T> reader) {
        return send(request, null, false, timeout, reader);
    }

    /**
     * Sends a request with a body, again where that may help.
     *
     * @param inChunks whether each chunk is signed by itself where the bytes have to be signed, since to sign them by their
     *     hash they are read twice
     * @return the answer's headers
     * @throws SdkException if there is no answer, or one that says no
     * @throws RuntimeException what the content throws and is no {@link UncheckedIOException}, as it is and at once
     */
    SdkHttpResponse sendContent(SdkHttpRequest.Builder request, ContentSource content, boolean inChunks) {
        request.putHeader("Content-Length", Long.toString(content.size()));
        if (content.size() >= LARGE_BODY_BYTES) {
            request.putHeader("Expect", "100-continue");
        }
        if (sendChecksums && content.sha256().isEmpty()) {
            request.putHeader("x-amz-sdk-checksum-algorithm", "CRC32");
        }
        return send(request, content, inChunks, Optional.empty(), S3HttpClient::headers);
    }

    /** Reads an answer whose body is of no interest, and gives its connection back. */
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
                throw AbortedException.create("The thread was told to stop");
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
                token = backOff(token, e);
            } catch (IOException | UncheckedIOException e) {
                token = backOff(token, SdkClientException.create("the request failed: " + e.getMessage(), e));
            }
        }
    }

    /** Whether the bucket is in another region, as the store says. From now on requests go there. */
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

    /** Whether the time that the request was signed for is far from the store's. From now on the store's own is used. */
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
     * Waits as long as the strategy wants it.
     *
     * @throws SdkException the failure, if it is not to be tried again
     */
    private RetryToken backOff(RetryToken token, SdkException failure) {
        try {
            RefreshRetryTokenResponse next = retries.refreshRetryToken(RefreshRetryTokenRequest.builder()
                    .token(token)
                    .failure(failure)
                    .build());
            if (closed.await(next.delay().toNanos(), TimeUnit.NANOSECONDS)) {
                throw failure;
            }
            return next.token();
        } catch (TokenAcquisitionFailedException e) {
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AbortedException.create("The thread was told to stop", failure);
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
            // Without the body itself, which the signer would read for its hash.
            PayloadChecksumStore known = PayloadChecksumStore.create();
            known.putChecksumValue(
                    DefaultChecksumAlgorithm.SHA256,
                    HexFormat.of().parseHex(sha256.get().hex()));
            signing.putProperty(AwsV4HttpSigner.CHECKSUM_ALGORITHM, DefaultChecksumAlgorithm.SHA256)
                    .putProperty(SdkInternalHttpSignerProperty.CHECKSUM_STORE, known);
        } else {
            // Over http the signer signs a payload all the same.
            signing.putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false);
            if (content != null) {
                signing.payload(body).putProperty(AwsV4HttpSigner.CHUNK_ENCODING_ENABLED, inChunks);
                if (sendChecksums) {
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
                    throw refusal(signed.request(), answer, content.readNBytes(MAX_ERROR_BYTES));
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

    /** What the S3 client makes of such an answer. One to a HEAD has no document, and its status has to do. */
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

    /** The store's time, as it was told once and has gone on since. */
    private static final class StoreClock extends Clock {
        private final Instant told;
        private final long toldAtNanos;

        StoreClock(Instant told, long toldAtNanos) {
            this.told = told;
            this.toldAtNanos = toldAtNanos;
        }

        @Override
        public Instant instant() {
            return told.plusNanos(System.nanoTime() - toldAtNanos);
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

    /** Ends waits for another attempt. */
    @Override
    public void close() {
        closed.countDown();
    }
}
