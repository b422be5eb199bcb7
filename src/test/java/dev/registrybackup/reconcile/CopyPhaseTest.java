package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.reconcile.CopyPhase.InBackup;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a result that cannot be passed on. */
class CopyPhaseTest {
    private final RandomRegistry content = RandomRegistry.random(4);

    @AutoClose
    private final ReconcileFixture fixture;

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(2, 1);

    CopyPhaseTest(@TempDir Path scratch) {
        fixture = new ReconcileFixture(scratch).withContent(content);
    }

    @Test
    void whatTheConsumerOfAResultThrowsEndsTheRun() {
        // Given
        StorePair storePair = new StorePair(fixture.registry(), fixture.backup(), content.layout());
        CopyPhase copyPhase = new CopyPhase(
                storePair,
                fixture.replicator(storePair),
                workerPools,
                new OperationContext(ReconcileFixture.OPEN_FENCE, new ProgressTracker()),
                new ReconcileStats(),
                Optional.empty());
        IllegalStateException full = new IllegalStateException("The report cannot be written");
        String key = fixture.registryContent().firstKey();

        // When
        copyPhase.copy(key, InBackup.UNKNOWN, keyResult -> {
            throw full;
        });

        // Then
        assertEquals(full, assertThrows(IllegalStateException.class, copyPhase::await));
        assertEquals(full, assertThrows(IllegalStateException.class, copyPhase::checkFence));
    }
}
