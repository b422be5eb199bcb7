package dev.registrybackup.app.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.LatencyHistogram;
import dev.registrybackup.replication.LatencyHistory;
import dev.registrybackup.replication.LatencyRecorder;
import dev.registrybackup.replication.ReplicationListener.Trigger;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.ReplicationStatus;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReplicationMetricsTest {
    private final SettableClock clock = new SettableClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", false, clock);
    private final LatencyRecorder latencyRecorder = new LatencyRecorder(backup, "pod-1", clock);
    private final ReplicationMetrics metrics = new ReplicationMetrics(meters, latencyRecorder, clock);

    @Test
    void anEventAheadOfThisClockCountsAsReplicatedAtOnce() {
        // Given
        ReplicationResult copied =
                new ReplicationResult(Kind.BLOB, ReplicationStatus.COPIED, Optional.empty(), 400, "");

        // When
        metrics.finished(
                Trigger.EVENT, "key", copied, clock.instant().plus(Duration.ofSeconds(3)), Duration.ofMillis(5));
        metrics.finished(
                Trigger.EVENT, "key", copied, clock.instant().minus(Duration.ofSeconds(2)), Duration.ofMillis(5));

        // Then
        Timer latency = meters.get("registry_backup_replication_latency").timer();
        assertEquals(2, latency.count());
        assertEquals(2.0, latency.totalTime(TimeUnit.SECONDS), 1e-9);
        assertEquals(2, objectsOnRecord());
    }

    @Test
    void aBlobThatIsCorruptInTheRegistryAloneCountsAsCorruptAndNotAsReplicated() {
        // Given
        ReplicationResult kept = new ReplicationResult(
                Kind.BLOB, ReplicationStatus.SOURCE_CORRUPT, Optional.empty(), 0, "Expected another digest");

        // When
        metrics.finished(Trigger.EVENT, "key", kept, clock.instant(), Duration.ofMillis(5));

        // Then
        assertEquals(
                1,
                meters.get("registry_backup_objects")
                        .tag("result", "corrupt")
                        .counter()
                        .count());
        assertEquals(1, meters.get("registry_backup_corrupt").counter().count());
        assertNull(meters.find("registry_backup_replication_latency").timer());
        assertEquals(0, objectsOnRecord());
    }

    private long objectsOnRecord() {
        latencyRecorder.flush();
        return new LatencyHistory(backup)
                .read().values().stream().mapToLong(LatencyHistogram::objects).sum();
    }
}
