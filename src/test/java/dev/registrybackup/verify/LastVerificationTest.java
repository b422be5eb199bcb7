package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.verify.LastVerification.VerificationRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The record of the last verification of the whole backup. */
class LastVerificationTest {
    private static final String APP = "team/app";
    private static final VerificationRecord NONE =
            new VerificationRecord(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(4, 2);

    private final RandomRegistry registry = new RandomRegistry(6);
    private final Digest layer = registry.layer(APP, 500);
    private final Digest image = registry.image(APP, layer);
    private final LastVerification lastVerification = new LastVerification(backup);

    {
        registry.image("team/other", registry.layer("team/other", 500));
    }

    private Verification.VerificationResult verify(String request) {
        return verify(request, () -> {});
    }

    private Verification.VerificationResult verify(String request, Fence fence) {
        return new Verification(
                        name -> new RegistryStore(backup, registry.layout()),
                        backup,
                        workerPools,
                        RateLimiter.unlimited(),
                        false,
                        clock,
                        Optional.empty())
                .run("op-1", VerifierFixture.request(request), new OperationContext(fence, new ProgressTracker()))
                .orElseThrow();
    }

    private void failToRead(Digest blob) {
        backup.failOn(Operation.OPEN, registry.blobKey(blob), StoreError.UNAVAILABLE, "a test says so");
    }

    @Test
    void withoutARecordThereIsNoResult() {
        // When
        VerificationRecord last = lastVerification.read();

        // Then
        assertEquals(NONE, last);
        assertEquals(Optional.empty(), last.startedAt());
        assertEquals(Optional.empty(), last.share());
        assertEquals(Map.of(), last.findingsBySeverity());
    }

    @Test
    void aFullVerificationIsRecordedWithItsTime() {
        // Given
        registry.writeTo(bucket::seed);
        bucket.delete(registry.blobKey(layer), Optional.empty());
        clock.advance(Duration.ofHours(1));

        // When
        Verification.VerificationResult verificationResult = verify("{}");

        // Then
        VerificationRecord last = lastVerification.read();
        assertEquals(verificationResult.summary().toString(), last.summary().toString());
        assertEquals(Optional.of(clock.instant()), last.finishedAt());
        assertEquals(Optional.of(clock.instant()), last.lastConclusiveAt());
        assertEquals(Optional.of(clock.instant()), last.startedAt());
        assertEquals(List.of(2L, 1L, 0L), List.of(last.images(), last.restorable(), last.unknown()));
        assertEquals(Optional.of(0.5), last.share());
        assertEquals(
                Map.of(
                        Severity.CRITICAL, 1L,
                        Severity.ERROR, 1L,
                        Severity.WARNING, 0L,
                        Severity.INFO, 0L,
                        Severity.UNKNOWN, 0L),
                last.findingsBySeverity());
    }

    @Test
    void anInconclusiveVerificationKeepsTheTimeOfTheLastConclusiveOne() {
        // Given
        registry.writeTo(bucket::seed);
        verify("{\"depth\":\"content\"}");
        Instant verifiedAt = clock.instant();
        clock.advance(Duration.ofHours(1));
        failToRead(layer);

        // When
        verify("{\"depth\":\"content\"}");

        // Then
        VerificationRecord last = lastVerification.read();
        assertEquals(Optional.of(clock.instant()), last.finishedAt());
        assertEquals(Optional.of(verifiedAt), last.lastConclusiveAt());
        assertEquals(List.of(2L, 1L, 1L), List.of(last.images(), last.restorable(), last.unknown()));
        assertEquals(Optional.of(1.0), last.share());
        assertEquals(1L, last.findingsBySeverity().get(Severity.UNKNOWN));
        assertEquals(1, bucket.versionCount(LastVerification.KEY));
    }

    @Test
    void withoutAKnownImageThereIsNoShare() {
        // Given
        registry.writeTo(bucket::seed);
        registry.keys().stream()
                .filter(key -> key.contains("team/other"))
                .forEach(key -> bucket.delete(key, Optional.empty()));
        failToRead(image);

        // When
        verify("{}");

        // Then
        assertEquals(
                List.of(1L, 1L),
                List.of(
                        lastVerification.read().images(),
                        lastVerification.read().unknown()));
        assertEquals(Optional.empty(), lastVerification.read().share());
    }

    @Test
    void anEmptyBackupIsComplete() {
        // When
        verify("{}");

        // Then
        assertEquals(0, lastVerification.read().images());
        assertEquals(Optional.of(1.0), lastVerification.read().share());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"store\":\"registry\"}",
                "{\"scope\":{\"namespace\":\"team\"}}",
                "{\"scope\":{\"image\":\"team/app:latest\"}}"
            })
    void aVerificationOfAnotherStoreOrScopeIsNotRecorded(String request) {
        // Given
        registry.tag(APP, "latest", image);
        registry.writeTo(bucket::seed);

        // When
        verify(request);

        // Then
        assertEquals(NONE, lastVerification.read());
    }

    @Test
    void anAttemptThatWasReplacedRecordsNothing() {
        // Given
        registry.writeTo(bucket::seed);
        Fence fence = () -> {
            if (!bucket.keys("registry-backup/reports/").isEmpty()) {
                throw new IllegalStateException("Replaced");
            }
        };

        // When
        assertThrows(IllegalStateException.class, () -> verify("{}", fence));

        // Then
        assertEquals(NONE, lastVerification.read());
    }

    @Test
    void aVerificationThatCouldNotGoOnRecordsNothing() {
        // Given
        registry.writeTo(bucket::seed);
        backup.failOn(Operation.LIST, "", StoreError.BUCKET_MISSING, "There is no bucket");

        // When
        assertThrows(ObjectStoreException.class, () -> verify("{}"));

        // Then
        assertEquals(NONE, lastVerification.read());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"summary\":1}", "{\"summary\":{},\"finishedAt\":\"yesterday\"}"})
    void aRecordThatCannotBeParsedIsIgnored(String text) {
        // Given
        bucket.seed(LastVerification.KEY, text.getBytes(StandardCharsets.UTF_8));

        // When
        VerificationRecord last = lastVerification.read();

        // Then
        assertEquals(NONE, last);
    }
}
