package dev.registrybackup.replicate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import dev.registrybackup.transfer.SetClock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClosuresTest {
    private static final String REPOSITORY = "team/app";

    private final SetClock clock = new SetClock();
    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final RandomRegistry made = new RandomRegistry(5);
    private final Lanes lanes = new Lanes(2, 1);
    private final RecentlyDurable durable = new RecentlyDurable(clock, Duration.ofMinutes(5), 1_000);
    private final Blobs blobs =
            new Blobs(made.layout(), registry, backup, new AdoptedMark(backup, made.layout(), clock), lanes, durable);
    private final Closures closures = new Closures(made.layout(), backup, blobs, lanes, durable);

    @AfterEach
    void close() {
        lanes.close();
    }

    @Test
    void aManifestThatIsPassedOverSinceItIsRememberedIsRememberedNoLonger() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest shared = made.image(REPOSITORY, layer);
        Digest first = made.index(REPOSITORY, shared);
        Digest second = made.index(REPOSITORY, shared);
        made.writeTo(registry::seed);
        closures.bring(shared).join();
        clock.advance(Duration.ofMinutes(4));
        closures.bring(first).join();
        clock.advance(Duration.ofMinutes(4));
        backup.remove(made.blobKey(layer), Optional.empty());

        // When
        closures.bring(second).join();

        // Then
        assertTrue(backup.find(made.blobKey(layer)).isPresent());
    }
}
