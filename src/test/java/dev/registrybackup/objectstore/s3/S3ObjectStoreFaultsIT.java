package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.LoopbackServer;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.ProbeResult;
import dev.registrybackup.objectstore.StoreError;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;

/** The S3 adapter with a store that fails. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class S3ObjectStoreFaultsIT {
    private static final String BUCKET = "images";
    private static final String KEY = "docker/registry/v2/repositories/a/_manifests/tags/v1/current/link";
    private static final int PART_BYTES = 5 << 20;
    private static final String CHECK_CREDENTIALS = ". Check the credentials and their right to list the bucket:"
            + " without it, a store sends this answer for missing objects too";
    private static final S3Timeouts LONG_TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    private static final S3Timeouts SHORT_TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofMillis(500), Duration.ofMillis(500));

    private final S3ProxyServer server = S3ProxyServer.inMemory(256);
    private final NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "unwatched");
    private final S3Client direct = server.endpoint().client();

    @SuppressWarnings("MustBeClosedChecker") // closed after all tests
    private final S3ObjectStore store = S3ObjectStore.of(TestS3Settings.of(proxy.endpoint(), BUCKET), LONG_TIMEOUTS, 4);

    @BeforeAll
    void makeBucket() {
        direct.createBucket(request -> request.bucket(BUCKET));
    }

    @BeforeEach
    void oneOldObject() {
        put(text("old"));
        proxy.reset();
    }

    @AfterEach
    void clearFaults() {
        proxy.heal();
    }

    @AfterAll
    void closeAll() {
        store.close();
        direct.close();
        proxy.close();
        server.close();
    }

    @Test
    void everyActionSaysWhatFailedAndWhyWhenTheStoreHasAnInternalError() {
        // Given
        proxy.inject(request -> true, Fault.internalError());
        String why = " in the registry bucket images: the store answered 500 InternalError";
        String whyWithoutBody = " in the registry bucket images: the store answered 500";

        // Then
        assertFails(StoreError.UNAVAILABLE, "Failed to look for " + KEY + whyWithoutBody, () -> store.head(KEY));
        assertFails(
                StoreError.UNAVAILABLE, "Failed to look for " + KEY + whyWithoutBody, () -> store.headBeforeWrite(KEY));
        assertFails(StoreError.UNAVAILABLE, "Failed to read " + KEY + why, () -> read(store));
        assertFails(StoreError.UNAVAILABLE, "Failed to write " + KEY + why, () -> put(text("new")));
        assertFails(StoreError.UNAVAILABLE, "Failed to write " + KEY + why, () -> put(new byte[3 << 20]));
        assertFails(StoreError.UNAVAILABLE, "Failed to start writing " + KEY + why, () -> putInParts(text("new")));
        assertFails(StoreError.UNAVAILABLE, "Failed to delete " + KEY + why, () -> store.delete(KEY, Optional.empty()));
        assertFails(StoreError.UNAVAILABLE, "Failed to list " + KEY + why, () -> list(store));
        assertFails(
                StoreError.UNAVAILABLE,
                "Failed to read the versioning of the registry bucket images: the store answered 500 InternalError",
                store::isVersioned);
        assertFails(
                StoreError.UNAVAILABLE,
                "Failed to reach the registry bucket images: the store answered 500",
                store::requireBucket);
    }

    @Test
    void anUnsupportedRequestIsNotSentAgain() {
        // Given
        proxy.inject(request -> true, Fault.answer(501, "NotImplemented"));

        // When
        BucketConfiguration facts = store.bucketConfiguration();

        // Then: one that does not know of versions keeps none; expiry may be set up in another way
        String why = " was answered 501 NotImplemented: the store does not support this request";
        assertEquals(ProbeResult.of(false), facts.versioningEnabled());
        assertEquals(ProbeResult.permanentFailure("GetBucketLifecycleConfiguration" + why), facts.lifecycleRules());
        assertEquals(
                ProbeResult.permanentFailure("GetBucketNotificationConfiguration" + why), facts.notificationRules());
    }

    @ParameterizedTest
    @CsvSource({"403, AccessDenied, true", "500, InternalError, false"})
    void aRejectedKeyIsDoneAndAFailedOneIsNot(int status, String code, boolean isSettled) {
        // Given
        proxy.inject(request -> true, Fault.answer(status, code));

        // When
        BucketConfiguration facts = store.bucketConfiguration();

        // Then
        assertEquals(isSettled, facts.versioningEnabled().isPermanent(), facts::toString);
        assertEquals(isSettled, facts.lifecycleRules().isPermanent(), facts::toString);
        assertEquals(Optional.empty(), facts.lifecycleRules().value());
    }

    @ParameterizedTest
    @CsvSource({
        "503, SlowDown, THROTTLED, 4",
        "429, TooManyRequests, THROTTLED, 4",
        "503, ServiceUnavailable, UNAVAILABLE, 4",
        "400, InvalidRequest, BAD_REQUEST, 1"
    })
    void theStoresAnswerDecidesTheErrorAndWhetherItIsRetried(int status, String code, StoreError error, int requests) {
        // Given
        proxy.inject(request -> true, Fault.answer(status, code));
        String why = " in the registry bucket images: the store answered " + status + " " + code;

        // Then
        assertFails(error, "Failed to read " + KEY + why, () -> read(store));
        assertEquals(requests, proxy.requests().size());
        assertFails(error, "Failed to write " + KEY + why, () -> put(text("new")));
        assertEquals(2 * requests, proxy.requests().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503})
    void oneFailureIsTriedAgain(int status) {
        // Given
        proxy.inject(request -> true, Fault.answer(status, "SlowDown"), 1);

        // When
        byte[] read = read(store);

        // Then
        assertArrayEquals(text("old"), read);
        assertEquals(
                List.of(status, 200),
                proxy.requests().stream().map(RecordedRequest::status).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 3 << 20})
    void aPutThatFailsOrWhoseAnswerIsLostIsSentAgain(int size) {
        // Given
        byte[] content = RandomBytes.of(size);
        proxy.inject(request -> request.operation() == Operation.PUT_OBJECT, Fault.internalError(), 1);
        proxy.inject(request -> request.operation() == Operation.PUT_OBJECT, Fault.cutResponse(0), 1);

        // When
        put(content);

        // Then
        assertArrayEquals(content, stored());
        assertEquals(3, proxy.requests().size());
    }

    @Test
    void aConnectionCutWhileReadingFailsTheReaderAndHoldsNothing() {
        // Given
        byte[] content = RandomBytes.of(3 << 20);
        put(content);
        proxy.inject(request -> request.operation() == Operation.GET_OBJECT, Fault.cutResponse(1_000), 10);

        for (int round = 0; round < 10; round++) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> read(store));

            // Then
            assertEquals(StoreError.UNAVAILABLE, failure.error());
            assertTrue(message(failure).startsWith("Failed to read " + KEY + " to its end: "), failure.getMessage());
        }
        assertArrayEquals(content, read(store));
    }

    @Test
    void aListingThatIsCutIsAskedForAgain() {
        // Given
        proxy.inject(request -> request.operation() == Operation.LIST_OBJECTS, Fault.cutResponse(100), 1);

        // When
        List<ObjectInfo> listed = list(store);

        // Then
        assertEquals(List.of(KEY), listed.stream().map(ObjectInfo::key).toList());
        assertEquals(2, proxy.requests().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"NoSuchKey", "NoSuchVersion"})
    void aListingDuringWhichAnObjectIsDeletedIsAskedForAgain(String code) {
        // Given
        proxy.inject(request -> request.operation() == Operation.LIST_OBJECTS, Fault.answer(404, code), 1);

        // When
        List<ObjectInfo> listed = list(store);

        // Then
        assertEquals(List.of(KEY), listed.stream().map(ObjectInfo::key).toList());
        assertEquals(2, proxy.requests().size());
    }

    @Test
    void aListingThatAlwaysMissesAnObjectIsForLater() {
        // Given
        proxy.inject(request -> request.operation() == Operation.LIST_OBJECTS, Fault.answer(404, "NoSuchKey"));

        // Then
        assertFails(
                StoreError.UNAVAILABLE,
                "Failed to list " + KEY + " in the registry bucket images: the store answered 404 NoSuchKey",
                () -> list(store));
        assertEquals(4, proxy.requests().size());
    }

    @Test
    void aReadThatGetsNoAnswerAtAllIsTriedAgain() {
        // Given
        proxy.inject(request -> request.operation() == Operation.GET_OBJECT, Fault.cutResponse(0), 1);

        // When
        byte[] read = read(store);

        // Then
        assertArrayEquals(text("old"), read);
    }

    @Test
    void aPutThatIsCutEveryTimeStoresNothing() {
        // Given
        byte[] content = RandomBytes.of(3 << 20);
        proxy.inject(request -> request.operation() == Operation.PUT_OBJECT, Fault.cutRequest(1 << 20));

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> put(content));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
        assertTrue(
                message(failure).startsWith("Failed to write " + KEY + " in the registry bucket images: "),
                failure.getMessage());
        assertArrayEquals(text("old"), stored());
    }

    @Test
    void aConditionalWriteThatMeetsAnotherIsTriedAgain() {
        // Given
        proxy.inject(
                request -> request.operation() == Operation.PUT_OBJECT,
                Fault.answer(409, "ConditionalRequestConflict"),
                1);

        // When
        boolean wrote = store.putIfAbsent(KEY, ContentSource.of(text("new")), Map.of());

        // Then
        assertFalse(wrote);
        assertEquals(
                List.of(409, 412),
                proxy.requests().stream().map(RecordedRequest::status).toList());
        assertArrayEquals(text("old"), stored());
    }

    @Test
    void aConditionalWriteThatAlwaysMeetsAnotherIsForLater() {
        // Given
        proxy.inject(
                request -> request.operation() == Operation.PUT_OBJECT,
                Fault.answer(409, "ConditionalRequestConflict"));

        // Then
        assertFails(
                StoreError.UNAVAILABLE,
                "Failed to write " + KEY
                        + " in the registry bucket images: the store answered 409 ConditionalRequestConflict",
                () -> store.putIfAbsent(KEY, ContentSource.of(text("new")), Map.of()));
    }

    @Test
    void aCompletionThatTheStoreRegretsWith200IsAFailure() {
        // Given: AWS may say so in the body when the status is sent already (CompleteMultipartUpload, "Important")
        proxy.inject(
                request -> request.operation() == Operation.COMPLETE_MULTIPART_UPLOAD,
                Fault.answer(200, "InternalError"));

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> putInParts(RandomBytes.of(PART_BYTES)));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error(), failure.getMessage());
        assertArrayEquals(text("old"), stored());
    }

    @ParameterizedTest
    @CsvSource({"UPLOAD_PART, write part 1 of", "COMPLETE_MULTIPART_UPLOAD, complete"})
    void aMissingUploadIsNotAnAbsentObject(Operation operation, String attempt) {
        // Given: a copier takes NOT_FOUND for "the registry's object vanished"
        proxy.inject(request -> request.operation() == operation, Fault.answer(404, "NoSuchUpload"));

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> putInParts(RandomBytes.of(PART_BYTES)));

        // Then
        assertTrue(failure.error() != StoreError.NOT_FOUND, failure.error() + ": " + failure.getMessage());
        assertEquals(
                "Failed to %s %s in the registry bucket images: the store answered 404 NoSuchUpload"
                        .formatted(attempt, KEY),
                failure.getMessage());
        assertArrayEquals(text("old"), stored());
    }

    @Test
    void aCompletionWhoseAnswerIsLostLeavesTheWholeObjectOrAnError() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES);
        proxy.inject(request -> request.operation() == Operation.COMPLETE_MULTIPART_UPLOAD, Fault.cutResponse(0), 1);

        // When
        Optional<StoreError> error = errorOf(() -> putInParts(content));

        // Then
        assertFalse(error.equals(Optional.of(StoreError.NOT_FOUND)));
        assertArrayEquals(content, stored());
    }

    @Test
    void anAbortThatFailsHidesNothing() {
        // Given
        proxy.inject(request -> request.operation() == Operation.UPLOAD_PART, Fault.answer(400, "InvalidPart"));
        proxy.inject(
                request -> request.operation() == Operation.ABORT_MULTIPART_UPLOAD, Fault.answer(403, "AccessDenied"));

        // Then
        assertFails(
                StoreError.BAD_REQUEST,
                "Failed to write part 1 of " + KEY
                        + " in the registry bucket images: the store answered 400 InvalidPart",
                () -> putInParts(RandomBytes.of(PART_BYTES)));
    }

    @Test
    void aStoreThatNeverAnswersIsGivenUp() {
        // Given
        proxy.inject(request -> true, Fault.hang());
        try (S3ObjectStore impatient =
                S3ObjectStore.of(TestS3Settings.of(proxy.endpoint(), BUCKET), SHORT_TIMEOUTS, 4)) {
            // When
            ObjectStoreException small = assertThrows(ObjectStoreException.class, () -> impatient.head(KEY));
            ObjectStoreException read = assertThrows(ObjectStoreException.class, () -> read(impatient));

            // Then
            assertEquals(StoreError.UNAVAILABLE, small.error());
            assertEquals(StoreError.UNAVAILABLE, read.error());
            assertTrue(message(small).startsWith("Failed to look for " + KEY + " in the registry bucket images: "));
            assertTrue(message(read).startsWith("Failed to read " + KEY + " in the registry bucket images: "));
            assertFalse(Thread.currentThread().isInterrupted());
        }
    }

    @Test
    void wrongCredentialsAreForbiddenAndTheRemedyIsSaid() {
        // Given
        S3Endpoint known = server.endpoint();
        S3Endpoint wrong = new S3Endpoint(known.uri(), known.region(), known.accessKey(), "guessed-secret");
        try (S3ObjectStore stranger = S3ObjectStore.of(TestS3Settings.of(wrong, BUCKET), LONG_TIMEOUTS, 4)) {
            // When
            List<ObjectStoreException> refusals = Stream.<Executable>of(
                            () -> stranger.head(KEY),
                            () -> read(stranger),
                            () -> stranger.put(KEY, ContentSource.of(text("new")), Map.of()),
                            () -> stranger.delete(KEY, Optional.empty()),
                            () -> list(stranger),
                            stranger::requireBucket)
                    .map(request -> assertThrows(ObjectStoreException.class, request))
                    .toList();

            // Then
            for (ObjectStoreException refusal : refusals) {
                String message = message(refusal);
                assertEquals(StoreError.FORBIDDEN, refusal.error(), message);
                assertTrue(message.endsWith(CHECK_CREDENTIALS), message);
                assertFalse(message.contains("guessed-secret"), message);
            }
            assertEquals(
                    "Failed to read " + KEY
                            + " in the registry bucket images: the store answered 403 SignatureDoesNotMatch"
                            + CHECK_CREDENTIALS,
                    refusals.get(1).getMessage());
            assertArrayEquals(text("old"), stored());
        }
    }

    @Test
    void aBucketThatIsMissingIsSaidWithTheRemedy() {
        // Given
        try (S3ObjectStore nowhere =
                S3ObjectStore.of(TestS3Settings.of(proxy.endpoint(), "nowhere"), LONG_TIMEOUTS, 4)) {
            // Then
            assertFails(
                    StoreError.BUCKET_MISSING,
                    "Failed to read " + KEY + " in the registry bucket nowhere: the store answered 404 NoSuchBucket."
                            + " Create the bucket or correct its name in the configuration",
                    () -> read(nowhere));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "404 page not found\n",
                "<html><body><center><h1>404 Not Found</h1></center></body></html>",
                "<!DOCTYPE html><html><hr>default backend - 404<br></html>"
            })
    void a404ThatIsNotTheStoresMeansAnUnavailableStore(String html) {
        // Given: an ingress or a router that has no route to the store for a while
        proxy.inject(request -> true, Fault.page(404, html));
        List<Executable> requests = List.of(
                () -> store.head(KEY),
                () -> store.headBeforeWrite(KEY),
                () -> store.headVersion(KEY, "version"),
                () -> read(store),
                () -> readRange(store),
                () -> readVersion(store),
                () -> put(text("new")),
                () -> store.putIfAbsent(KEY, ContentSource.of(text("new")), Map.of()),
                () -> putInParts(text("new")),
                () -> store.delete(KEY, Optional.empty()),
                () -> store.delete(KEY, Optional.of("version")),
                () -> list(store),
                () -> listVersions(store),
                () -> store.abortMultipartUploads("", Instant.MAX),
                store::requireBucket,
                store::isVersioned);

        for (Executable request : requests) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, request);

            // Then
            assertEquals(StoreError.UNAVAILABLE, failure.error(), failure.getMessage());
            assertTrue(
                    message(failure)
                            .endsWith("the response was 404 without an S3 error code, as from a proxy without a route"
                                    + " to the store. Check the proxies between this process and the store"),
                    failure.getMessage());
        }
    }

    @Test
    void aPartOrACompletionAnswered404ByAProxyMeansAnUnavailableStore() {
        for (Operation operation : List.of(Operation.UPLOAD_PART, Operation.COMPLETE_MULTIPART_UPLOAD)) {
            // Given
            proxy.inject(request -> request.operation() == operation, Fault.page(404, ""), 1);

            // When
            Optional<StoreError> error = errorOf(() -> putInParts(RandomBytes.of(PART_BYTES)));

            // Then
            assertEquals(Optional.of(StoreError.UNAVAILABLE), error);
        }
    }

    @Test
    void aHeadAnswered404ByAProxyIsNotAnAbsentObject() {
        // Given: the HEAD meets one that has no route, and the next request one that has
        proxy.inject(request -> request.operation() == Operation.HEAD_OBJECT, Fault.page(404, ""));

        // When
        Optional<ObjectInfo> found = store.head(KEY);
        Optional<ObjectInfo> foundBeforeWrite = store.headBeforeWrite(KEY);

        // Then
        assertEquals(3, found.orElseThrow().size());
        assertEquals(found, foundBeforeWrite);
    }

    @Test
    void aHeadOfAVersionAnswered404ByAProxyIsNotAnAbsentVersion() {
        // Given
        String bucket = "images-with-versions";
        direct.createBucket(request -> request.bucket(bucket));
        direct.putBucketVersioning(request -> request.bucket(bucket)
                .versioningConfiguration(versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
        try (S3ObjectStore versioned =
                S3ObjectStore.of(TestS3Settings.of(proxy.endpoint(), bucket), LONG_TIMEOUTS, 4)) {
            String first = versioned
                    .put(KEY, ContentSource.of(text("first")), Map.of())
                    .orElseThrow();
            versioned.delete(KEY, Optional.empty());
            proxy.inject(request -> request.operation() == Operation.HEAD_OBJECT, Fault.page(404, ""));

            // When
            Optional<ObjectInfo> found = versioned.headVersion(KEY, first);

            // Then
            assertEquals(5, found.orElseThrow().size());
        }
    }

    @Test
    void aHeadOfTheBucketAnswered404ByAnotherIsNoMissingBucket() {
        // Given
        proxy.inject(request -> request.operation() == Operation.HEAD_BUCKET, Fault.page(404, ""));

        // Then
        assertDoesNotThrow(store::requireBucket);
    }

    @Test
    void anAbsentObjectCostsItsWriterOneRequest() {
        // When
        Optional<ObjectInfo> found = store.headBeforeWrite(KEY + "-absent");

        // Then
        assertEquals(Optional.empty(), found);
        assertEquals(
                List.of(Operation.HEAD_OBJECT),
                proxy.requests().stream().map(RecordedRequest::operation).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "Last-Modified, 'Sat, 28 Nov 2026 08:00:00 GMT', 0, Content-Length",
        "Content-Length, 3, 3, Last-Modified"
    })
    void anAnswerWithoutAHeaderMeansAnUnavailableStoreAndKeepsNoConnection(
            String given, String value, int lengthOrUnknown, String missing) {
        // Given: a proxy that compresses or filters
        HttpHandler filter = exchange -> {
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            exchange.getResponseHeaders().set(given, value);
            exchange.sendResponseHeaders(200, isHead ? -1 : lengthOrUnknown);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(isHead ? new byte[0] : text("old"));
            }
        };
        String why = " in the registry bucket images: the response has no header " + missing
                + ". Check the proxies between this process and the store";
        try (LoopbackServer filtering = new LoopbackServer(filter);
                S3ObjectStore filtered = S3ObjectStore.of(
                        TestS3Settings.of(server.endpoint().at(filtering.uri()), BUCKET), LONG_TIMEOUTS, 1)) {
            for (int round = 0; round < 3; round++) {
                // Then
                assertFails(StoreError.UNAVAILABLE, "Failed to look for " + KEY + why, () -> filtered.head(KEY));
                assertFails(StoreError.UNAVAILABLE, "Failed to read " + KEY + why, () -> read(filtered));
            }
        }
    }

    @Test
    void anEndpointThatNobodyAnswersAtOrThatHasNoAddressIsUnavailable() {
        // Given: no program gets the port 9 by chance
        Map<URI, String> reasons = Map.of(
                URI.create("http://127.0.0.1:9"),
                "Connection refused",
                URI.create("http://nobody.invalid:9000"),
                "nobody.invalid");

        reasons.forEach((uri, reason) -> {
            try (S3ObjectStore unreachable =
                    S3ObjectStore.of(TestS3Settings.of(server.endpoint().at(uri), BUCKET), LONG_TIMEOUTS, 4)) {
                // When
                ObjectStoreException looking = assertThrows(ObjectStoreException.class, () -> unreachable.head(KEY));
                ObjectStoreException reaching = assertThrows(ObjectStoreException.class, unreachable::requireBucket);

                // Then
                assertTrue(
                        message(looking).startsWith("Failed to look for " + KEY + " in the registry bucket images: "),
                        looking::toString);
                assertTrue(
                        message(reaching).startsWith("Failed to reach the registry bucket images: "),
                        reaching::toString);
                for (ObjectStoreException failure : List.of(looking, reaching)) {
                    assertEquals(StoreError.UNAVAILABLE, failure.error());
                    assertTrue(message(failure).contains(reason), failure::toString);
                    assertFalse(message(failure).contains(server.endpoint().secretKey()), failure::toString);
                }
            }
        });
    }

    private static void assertFails(StoreError error, String message, Executable request) {
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, request);
        assertEquals(message, failure.getMessage());
        assertEquals(error, failure.error());
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }

    private static Optional<StoreError> errorOf(Runnable request) {
        try {
            request.run();
            return Optional.empty();
        } catch (ObjectStoreException e) {
            return Optional.of(e.error());
        }
    }

    private void put(byte[] content) {
        store.put(KEY, ContentSource.of(content), Map.of());
    }

    private void putInParts(byte[] content) {
        try (MultipartUpload upload = store.startMultipartUpload(KEY, Map.of())) {
            upload.uploadPart(ContentSource.of(content));
            upload.complete();
        }
    }

    private byte[] stored() {
        return direct.getObjectAsBytes(request -> request.bucket(BUCKET).key(KEY))
                .asByteArray();
    }

    private static byte[] read(ObjectStore store) {
        try (OpenObject opened = store.open(KEY, Optional.empty(), Optional.empty())) {
            return opened.readAll(64 << 20);
        }
    }

    private static byte[] readRange(ObjectStore store) {
        try (OpenObject opened = store.open(KEY, Optional.of(new ByteRange(0, 1)), Optional.of("etag"))) {
            return opened.readAll(1);
        }
    }

    private static byte[] readVersion(ObjectStore store) {
        try (OpenObject opened = store.openVersion(KEY, "version", Optional.empty())) {
            return opened.readAll(64 << 20);
        }
    }

    private static List<ObjectInfo> list(ObjectStore store) {
        try (Stream<ObjectInfo> listing = store.list(KEY)) {
            return listing.toList();
        }
    }

    private static List<ObjectVersion> listVersions(ObjectStore store) {
        try (Stream<ObjectVersion> listing = store.listVersions(KEY)) {
            return listing.toList();
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
