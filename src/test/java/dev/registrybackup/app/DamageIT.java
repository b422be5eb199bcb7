package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.S3Request;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults of network and stores, with the shipped jar: nothing wrong becomes visible, and nothing is lost. */
class DamageIT {
    private static final Duration BOUND = Duration.ofMinutes(2);

    private static final TestImages IMAGES = new TestImages(23);
    private static TwoBuckets buckets;
    private static NotifyingProxy front;
    private static Bucket registry;
    private static Bucket backup;
    private static Product product;
    private static RegistryPush push;

    @BeforeAll
    static void start() {
        buckets = TwoBuckets.start(512);
        front = buckets.front();
        registry = buckets.registry();
        backup = buckets.backup();
        Map<String, String> settings = buckets.settings();
        settings.put("EVENTS_ANSWER_WITHIN", "30s");
        product = Product.start(settings, "-Xmx128m");
        push = new RegistryPush(registry.client(), registry.name());
    }

    @AfterAll
    static void stop() {
        product.close();
        buckets.close();
    }

    @AfterEach
    void heal() {
        front.heal();
    }

    private static String write(Blob blob) {
        String key = push.blobKey(blob);
        registry.put(key, blob.bytes());
        return key;
    }

    private static int notify(String key) {
        return Events.cloudEvent(product.uri(), "t")
                .body(Events.notification(Product.REGISTRY_BUCKET, key))
                .post("/")
                .statusCode();
    }

    private static CompletableFuture<Integer> startNotify(List<String> keys) {
        return CompletableFuture.supplyAsync(
                () -> Events.cloudEvent(product.uri(), "t")
                        .body(Events.notification(Product.REGISTRY_BUCKET, keys.toArray(String[]::new)))
                        .post("/")
                        .statusCode(),
                task -> new Thread(task).start());
    }

    private static Predicate<S3Request> reading(String key) {
        return request ->
                request.operation() == Operation.GET_OBJECT && request.key().equals(key);
    }

    private static Predicate<S3Request> writing(String key) {
        return request -> request.bucket().equals(Product.BACKUP_BUCKET)
                && request.key().equals(key)
                && (request.operation() == Operation.PUT_OBJECT
                        || request.operation() == Operation.UPLOAD_PART
                        || request.operation() == Operation.COMPLETE_MULTIPART_UPLOAD);
    }

    @ParameterizedTest
    @CsvSource({"400, 200", "3000000, 0", "3000000, 2999999", "36000000, 18000000"})
    void aBitFlippedOnTheWayIsNeverVisible(long size, long offset) {
        // Given
        String key = write(IMAGES.layer(size));
        front.inject(reading(key), Fault.flipResponseBit(offset), 1);

        // When
        int status = notify(key);

        // Then
        assertEquals(422, status, product.log());
        assertFalse(backup.sizes(key).containsKey(key));
        assertEquals(
                List.of(),
                backup.client()
                        .listMultipartUploads(request -> request.bucket(backup.name()))
                        .uploads());
    }

    @ParameterizedTest
    @CsvSource({"400, true", "3000000, true", "36000000, true", "400, false", "3000000, false", "36000000, false"})
    void aReadOrWriteCutOnceIsRetriedAndTheBlobArrivesWhole(long size, boolean isRead) {
        // Given
        String key = write(IMAGES.layer(size));
        if (isRead) {
            front.inject(reading(key), Fault.cutResponse(size / 2), 1);
        } else {
            front.inject(writing(key), Fault.cutRequest(size / 2), 1);
        }

        // When
        int status = notify(key);

        // Then
        assertEquals(204, status, product.log());
        arrives(key);
    }

    /** Of the defaults, 16 small objects and 4 large ones; all go through the backup's one pool of connections. */
    @Test
    void asManyObjectsAreWrittenAtOnceAsAreConfigured() {
        // Given
        List<String> large =
                Stream.generate(() -> write(IMAGES.layer(1_500_000))).limit(4).toList();
        List<String> small =
                Stream.generate(() -> write(IMAGES.layer(900))).limit(16).toList();
        Set<String> underWay = ConcurrentHashMap.newKeySet();
        front.inject(
                request -> request.bucket().equals(Product.BACKUP_BUCKET)
                        && request.operation() == Operation.PUT_OBJECT
                        && (large.contains(request.key()) || small.contains(request.key()))
                        && underWay.add(request.key()),
                Fault.hang());

        // When
        CompletableFuture<Integer> ofLarge = startNotify(large);
        Awaitility.await().atMost(BOUND).untilAsserted(() -> assertEquals(Set.copyOf(large), underWay, product::log));
        CompletableFuture<Integer> ofSmall = startNotify(small);
        Awaitility.await().atMost(BOUND).untilAsserted(() -> assertEquals(20, underWay.size(), product::log));
        front.heal();

        // Then
        assertEquals(204, ofLarge.join(), product.log());
        assertEquals(204, ofSmall.join(), product.log());
        large.forEach(DamageIT::arrives);
        small.forEach(DamageIT::arrives);
    }

    @Test
    void aBodyTruncatedByTheStoreIsNeverVisible() {
        // Given
        String key = write(IMAGES.layer(3_000_000));
        front.inject(reading(key), Fault.truncateResponse(1_000_000));

        // When
        int status = notify(key);

        // Then
        assertTrue(status == 204 || status == 422, product.log());
        assertFalse(backup.sizes(key).containsKey(key));
    }

    @ParameterizedTest
    @CsvSource({"500, InternalError", "503, SlowDown", "403, AccessDenied"})
    void anErrorOfTheRegistrysStoreIsNeverTakenForAnAbsentObject(int answered, String code) {
        // Given
        String key = write(IMAGES.layer(500));
        front.inject(
                request -> request.bucket().equals(Product.REGISTRY_BUCKET)
                        && request.key().equals(key),
                Fault.answer(answered, code));

        // When
        int status = notify(key);

        // Then
        assertEquals(204, status, product.log());
        assertTrue(isPending(key), product.log());
    }

    @Test
    void aBackupStoreThatFailsGetsTheEventHandedBack() {
        // Given
        String key = write(IMAGES.layer(500));
        front.inject(request -> request.bucket().equals(Product.BACKUP_BUCKET), Fault.internalError());

        // When
        int status = notify(key);

        // Then
        assertEquals(503, status, product.log());
        front.heal();
        assertEquals(204, notify(key), product.log());
        arrives(key);
    }

    @Test
    void aSlowStoreIsAwaitedOrTheKeyBecomesPending() {
        // Given
        String key = write(IMAGES.layer(2_000_000));
        front.inject(reading(key), Fault.delay(Duration.ofSeconds(5)));

        // When
        int status = notify(key);

        // Then
        assertEquals(204, status, product.log());
        arrives(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NoSuchUpload", "NoSuchBucket", "NotFound"})
    void anObjectMissingInTheBackupIsNeverTakenForADeletedBlob(String code) {
        // Given
        String key = write(IMAGES.layer(34_000_000));
        front.inject(writing(key), Fault.answer(404, code));

        // When
        int status = notify(key);

        // Then
        assertEquals(204, status, product.log());
        assertTrue(isPending(key), product.log());
    }

    @Test
    void theTimeUntilAnObjectWasDurableIsOnRecordForThePage() {
        // Given
        String key = write(IMAGES.layer(500));

        // When
        int status = notify(key);

        // Then
        assertEquals(204, status, product.log());
        Awaitility.await()
                .atMost(BOUND)
                .until(() -> !backup.sizes("registry-backup/history/latency/").isEmpty());
        backup.sizes("registry-backup/history/latency/").forEach((record, size) -> assertTrue(size > 2, record));
    }

    private static boolean isPending(String key) {
        return backup.hasText("registry-backup/pending/", key);
    }

    private static void arrives(String key) {
        Awaitility.await()
                .atMost(BOUND)
                .untilAsserted(() -> assertTrue(backup.sizes(key).containsKey(key), product::log));
        assertEquals(registry.sha256(key), backup.sha256(key));
        assertEquals(
                List.of(),
                new BackupCheck(registry, backup)
                        .flaws().stream().filter(flaw -> flaw.contains(key)).toList());
    }
}
