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
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept of verifications of the whole backup. */
class LastVerificationTest {
    private static final String APP = "team/app";
    private static final LastVerification.Said NOTHING =
            new LastVerification.Said(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final RandomRegistry registry = new RandomRegistry(6);
    private final Digest layer = registry.layer(APP, 500);
    private final Digest image = registry.image(APP, layer);
    private final LastVerification last = new LastVerification(backup);

    {
        registry.image("team/other", registry.layer("team/other", 500));
    }

    @AfterEach
    void close() {
        workerPools.close();
    }

    private Verification.Result verify(String request) {
        return verify(request, () -> {});
    }

    private Verification.Result verify(String request, Fence fence) {
        return new Verification(
                        name -> backup,
                        backup,
                        registry.layout(),
                        workerPools,
                        RateLimiter.unbounded(),
                        false,
                        clock,
                        Optional.empty())
                .run("op-1", VerifierFixture.request(request), fence, new ProgressTracker());
    }

    private void failToRead(Digest blob) {
        backup.before((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(registry.blobKey(blob))) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
            }
        });
    }

    @Test
    void withoutARecordThereWasNoneAndNothingIsSaid() {
        // When
        LastVerification.Said said = last.read();

        // Then
        assertEquals(NOTHING, said);
        assertEquals(Optional.empty(), said.begun());
        assertEquals(Optional.empty(), said.share());
        assertEquals(Map.of(), said.findings());
    }

    @Test
    void ofTheWholeBackupItIsKeptWhatItCameToAndWhen() {
        // Given
        registry.writeTo(bucket::seed);
        bucket.remove(registry.blobKey(layer), Optional.empty());
        clock.pass(Duration.ofHours(1));

        // When
        Verification.Result result = verify("{}");

        // Then
        LastVerification.Said said = last.read();
        assertEquals(result.summary().toString(), said.summary().toString());
        assertEquals(Optional.of(clock.instant()), said.ended());
        assertEquals(Optional.of(clock.instant()), said.toldEnded());
        assertEquals(Optional.of(clock.instant()), said.begun());
        assertEquals(List.of(2L, 1L, 0L), List.of(said.images(), said.restorable(), said.untold()));
        assertEquals(Optional.of(0.5), said.share());
        assertEquals(
                Map.of(
                        Severity.CRITICAL, 1L,
                        Severity.ERROR, 1L,
                        Severity.WARNING, 0L,
                        Severity.INFO, 0L,
                        Severity.UNKNOWN, 0L),
                said.findings());
    }

    @Test
    void whatCouldNotBeToldHidesNeitherItselfNorWhenEverythingWas() {
        // Given
        registry.writeTo(bucket::seed);
        verify("{\"depth\":\"content\"}");
        Instant told = clock.instant();
        clock.pass(Duration.ofHours(1));
        failToRead(layer);

        // When
        verify("{\"depth\":\"content\"}");

        // Then
        LastVerification.Said said = last.read();
        assertEquals(Optional.of(clock.instant()), said.ended());
        assertEquals(Optional.of(told), said.toldEnded());
        assertEquals(List.of(2L, 1L, 1L), List.of(said.images(), said.restorable(), said.untold()));
        assertEquals(Optional.of(1.0), said.share());
        assertEquals(1L, said.findings().get(Severity.UNKNOWN));
        assertEquals(1, bucket.versionCount(LastVerification.KEY));
    }

    @Test
    void ifItCouldBeToldOfNoImageThereIsNoShare() {
        // Given
        registry.writeTo(bucket::seed);
        registry.keys().stream()
                .filter(key -> key.contains("team/other"))
                .forEach(key -> bucket.remove(key, Optional.empty()));
        failToRead(image);

        // When
        verify("{}");

        // Then
        assertEquals(List.of(1L, 1L), List.of(last.read().images(), last.read().untold()));
        assertEquals(Optional.empty(), last.read().share());
    }

    @Test
    void anEmptyBackupLacksNothing() {
        // When
        verify("{}");

        // Then
        assertEquals(0, last.read().images());
        assertEquals(Optional.of(1.0), last.read().share());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"store\":\"registry\"}",
                "{\"scope\":{\"namespace\":\"team\"}}",
                "{\"scope\":{\"image\":\"team/app:latest\"}}"
            })
    void ofAnotherStoreOrAPartNothingIsRecorded(String request) {
        // Given
        registry.tag(APP, "latest", image);
        registry.writeTo(bucket::seed);

        // When
        verify(request);

        // Then
        assertEquals(NOTHING, last.read());
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
        assertEquals(NOTHING, last.read());
    }

    @Test
    void aVerificationThatCouldNotGoOnRecordsNothing() {
        // Given
        registry.writeTo(bucket::seed);
        backup.before((operation, key) -> {
            if (operation == Operation.LIST) {
                throw new ObjectStoreException(StoreError.BUCKET_MISSING, "There is no bucket");
            }
        });

        // When
        assertThrows(ObjectStoreException.class, () -> verify("{}"));

        // Then
        assertEquals(NOTHING, last.read());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"summary\":1}", "{\"summary\":{},\"ended\":\"yesterday\"}"})
    void aRecordThatIsNoneSaysNothing(String text) {
        // Given
        bucket.seed(LastVerification.KEY, text.getBytes(StandardCharsets.UTF_8));

        // When
        LastVerification.Said said = last.read();

        // Then
        assertEquals(NOTHING, said);
    }
}
