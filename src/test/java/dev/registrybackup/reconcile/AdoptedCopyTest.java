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
    private final RandomRegistry content = RandomRegistry.filled(5);
    private final Digest layer = content.layer("team/app", 4_000);
    private ReconcileFixture stores;

    @BeforeEach
    void copied(@TempDir Path scratch) {
        stores = new ReconcileFixture(scratch).of(content);
        content.kept().forEach((key, bytes) -> stores.backupBucket().seed(key, bytes));
        byte[] flipped = content.content(content.blobKey(layer)).clone();
        flipped[1_234] ^= 1;
        stores.backupBucket().seed(content.blobKey(layer), flipped);
    }

    @AfterEach
    void end() {
        stores.close();
    }

    @Test
    void theFlippedBitIsFoundAndReplacedAndTheBucketMarked() {
        // When
        Reconciliation.Result result = stores.run();

        // Then
        assertTrue(result.isComplete(), result.summary()::toPrettyString);
        assertEquals(stores.inRegistry(), stores.backedUp());
        assertEquals(1, result.summary().at("/adoption/replaced").asLong());
        assertTrue(stores.backupBucket().find(VerifiedMarker.KEY).isPresent());
        assertEquals(
                List.of(content.blobKey(layer)),
                stores.backup().written().stream()
                        .filter(key -> key.startsWith("docker/"))
                        .toList());
    }

    @Test
    void aSecondRunReadsNoBlobAgainAndWritesNothing() {
        // Given
        stores.run();
        stores.clock().advance(Duration.ofHours(1));
        stores.backup().forget();

        // When
        stores.run();

        // Then
        assertEquals(
                List.of(),
                stores.backup().requests().stream()
                        .filter(request -> request.operation() == Operation.OPEN)
                        .map(request -> request.key())
                        .filter(key -> key.startsWith(content.layout().blobsPrefix()))
                        .toList());
        assertEquals(
                List.of(),
                stores.backup().written().stream()
                        .filter(key -> key.startsWith("docker/"))
                        .toList());
    }
}
