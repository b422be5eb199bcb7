package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DependencyCopierTest {
    private static final String REPOSITORY = "team/app";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final RandomRegistry made = new RandomRegistry(5);
    private final WorkerPools workerPools = new WorkerPools(2, 1);
    private final ExpiringKeySet durable = new ExpiringKeySet(clock, Duration.ofMinutes(5), 1_000);
    private final BlobReplicator blobReplicator = new BlobReplicator(
            made.layout(), registry, backup, new VerifiedMarker(backup, made.layout(), clock), workerPools, durable);
    private final DependencyCopier dependencyCopier = new DependencyCopier(
            made.layout(),
            backup,
            blobReplicator,
            new LinkPublisher(
                    registry, backup, blobReplicator.conditionalWrites(), new BlockedLinks(backup, clock), durable),
            new CoalescingExecutor<>(),
            workerPools,
            durable);

    @AfterEach
    void close() {
        workerPools.close();
    }

    @Test
    void aManifestThatIsPassedOverSinceItIsRememberedIsRememberedNoLonger() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest shared = made.image(REPOSITORY, layer);
        Digest first = made.index(REPOSITORY, shared);
        Digest second = made.index(REPOSITORY, shared);
        made.writeTo(registry::seed);
        dependencyCopier.copy(shared, Optional.empty()).join();
        clock.advance(Duration.ofMinutes(4));
        dependencyCopier.copy(first, Optional.empty()).join();
        clock.advance(Duration.ofMinutes(4));
        backup.delete(made.blobKey(layer), Optional.empty());

        // When
        dependencyCopier.copy(second, Optional.empty()).join();

        // Then
        assertTrue(backup.head(made.blobKey(layer)).isPresent());
    }
}
