package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.replication.pending.QueueDepth.QueueCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueueDepthTest {
    private static final int MAX_LISTED = 3;

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final QueueDepth queueDepth = new QueueDepth(bucket, MAX_LISTED);

    private void addPending(String instance) {
        new PendingStore(bucket, instance, clock).write(List.of(new PendingKey("docker/a", Optional.empty())));
    }

    private void addRejection(String name) {
        bucket.seed(RejectionStore.PREFIX + name, new byte[] {1});
    }

    @Test
    void withoutPendingRecordsThereIsNoOldest() {
        assertEquals(new QueueCounts(0, Optional.empty(), false, 0, false), queueDepth.read());
    }

    @Test
    void theOldestIsByTheTimeOfWritingAndNotByTheNameOfTheInstance() {
        // Given
        addPending("pod-b");
        Instant first = clock.instant();
        clock.advance(Duration.ofMinutes(1));
        addPending("pod-a");
        addPending("pod-c");
        addRejection("one");

        // When
        QueueCounts queueCounts = queueDepth.read();

        // Then
        assertEquals(new QueueCounts(3, Optional.of(first), false, 1, false), queueCounts);
    }

    @Test
    void aHeartbeatIsNotAPendingRecord() {
        // Given
        new PendingStore(bucket, "pod-a", clock).writeHeartbeat();
        clock.advance(Duration.ofMinutes(1));
        addPending("pod-a");

        // When
        QueueCounts queueCounts = queueDepth.read();

        // Then
        assertEquals(new QueueCounts(1, Optional.of(clock.instant()), false, 0, false), queueCounts);
    }

    @Test
    void beyondWhatIsListedItSaysThatThereIsMore() {
        // Given
        for (String each : List.of("a", "b", "c", "d", "e")) {
            addPending("pod-" + each);
            addRejection(each);
        }

        // When
        QueueCounts queueCounts = queueDepth.read();

        // Then
        assertEquals(
                new QueueCounts(MAX_LISTED, Optional.of(SettableClock.START), true, MAX_LISTED, true), queueCounts);
    }
}
