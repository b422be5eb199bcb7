package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RememberedManifestsTest {
    private static final String REPOSITORY = "team/app";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final RandomRegistry made = new RandomRegistry(5);

    @Test
    void aManifestThatIsPassedOverSinceItIsRememberedIsRememberedNoLonger() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest shared = made.image(REPOSITORY, layer);
        Digest first = made.index(REPOSITORY, shared);
        Digest second = made.index(REPOSITORY, shared);
        made.writeTo(registry::seed);
        try (WorkerPools workerPools = new WorkerPools(2, 1)) {
            Replicator replicator = new Replicator(
                    made.layout(), registry, backup, false, false, workerPools, clock, (link, again) -> {});
            replicator.replicate(made.revisionLink(REPOSITORY, shared)).join();
            clock.advance(Duration.ofMinutes(4));
            replicator.replicate(made.revisionLink(REPOSITORY, first)).join();
            clock.advance(Duration.ofMinutes(4));
            backup.delete(made.blobKey(layer), Optional.empty());

            // When
            replicator.replicate(made.revisionLink(REPOSITORY, second)).join();
        }

        // Then
        assertTrue(backup.head(made.blobKey(layer)).isPresent());
    }
}
