package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.VerifiedMarker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backup that an {@code rclone sync} filled, with one flipped bit, as a whole run takes it over. */
class AdoptedCopyTest {
    private final RandomRegistry content = RandomRegistry.random(5);
    private final Digest layer = content.layer("team/app", 4_000);
    private ReconcileFixture fixture;

    @BeforeEach
    void setUp(@TempDir Path scratch) {
        fixture = new ReconcileFixture(scratch).withContent(content);
        content.backedUpObjects().forEach((key, bytes) -> fixture.backupBucket().seed(key, bytes));
        byte[] flipped = content.content(content.blobKey(layer)).clone();
        flipped[1_234] ^= 1;
        fixture.backupBucket().seed(content.blobKey(layer), flipped);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
    }

    @Test
    void theFlippedBitIsFoundAndReplacedAndTheBucketMarked() {
        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(fixture.registryContent(), fixture.backupContent());
        assertEquals(1, reconcileResult.summary().at("/adoption/replaced").asLong());
        assertTrue(fixture.backupBucket().head(VerifiedMarker.KEY).isPresent());
        assertEquals(
                List.of(content.blobKey(layer)),
                fixture.backup().writtenKeys().stream()
                        .filter(key -> key.startsWith("docker/"))
                        .toList());
    }

    @Test
    void aSecondRunReadsNoBlobAgainAndWritesNothing() {
        // Given
        fixture.run();
        fixture.clock().advance(Duration.ofHours(1));
        fixture.backup().clearRequests();

        // When
        fixture.run();

        // Then
        assertEquals(
                List.of(),
                fixture.backup().requests().stream()
                        .filter(request -> request.operation() == Operation.OPEN)
                        .map(request -> request.key())
                        .filter(key -> key.startsWith(content.layout().blobsPrefix()))
                        .toList());
        assertEquals(
                List.of(),
                fixture.backup().writtenKeys().stream()
                        .filter(key -> key.startsWith("docker/"))
                        .toList());
    }
}
