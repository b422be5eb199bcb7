package dev.registrybackup.app.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reading the stores' state checks them, at most once a minute. */
class StoreHealthTest {
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry");
    private final RecordingObjectStore registry = new RecordingObjectStore(registryBucket);
    private final RecordingObjectStore backup = new RecordingObjectStore(
            new InMemoryObjectStore("backup", true, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC)));
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");

    private final StoreHealth states = new StoreHealth(Optional.of(registry), backup, workerPools, new Clock() {
        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    });

    @AfterEach
    void close() {
        workerPools.close();
    }

    @Test
    void nobodyReadsNobodyAsks() {
        assertEquals(0, registry.requests().size());
    }

    @Test
    void manyReadsWithinAMinuteAskOnce() {
        // When
        StoreHealth.State state = states.current().join();
        states.current().join();
        states.last();

        // Then
        assertTrue(state.isGood());
        assertTrue(state.versioned());
        assertEquals(1, registry.requests().size());
    }

    @Test
    void aMinuteLaterTheyAreAskedAgain() {
        // Given
        states.current().join();
        registryBucket.setExists(false);
        now = now.plusSeconds(61);

        // When
        StoreHealth.State state = states.current().join();

        // Then
        assertFalse(state.isGood());
        assertTrue(state.registry().contains("registry"), state::toString);
        assertEquals("", state.backup());
    }
}
