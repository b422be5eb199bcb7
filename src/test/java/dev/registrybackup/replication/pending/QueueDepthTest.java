package dev.registrybackup.replication.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.replication.pending.QueueDepth.Said;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueueDepthTest {
    private static final int MOST = 3;

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final QueueDepth queueDepth = new QueueDepth(bucket, MOST);

    private void owe(String instance) {
        new PendingStore(bucket, instance, clock).write(List.of(new PendingKey("docker/a", Optional.empty())));
    }

    private void reject(String name) {
        bucket.seed(RejectionStore.PREFIX + name, new byte[] {1});
    }

    @Test
    void whereNothingIsOwedThereIsNoOldest() {
        assertEquals(new Said(0, Optional.empty(), false, 0, false), queueDepth.read());
    }

    @Test
    void theOldestIsByTheTimeOfWritingAndNotByTheNameOfTheInstance() {
        // Given
        owe("pod-b");
        Instant first = clock.instant();
        clock.pass(Duration.ofMinutes(1));
        owe("pod-a");
        owe("pod-c");
        reject("one");

        // When
        Said said = queueDepth.read();

        // Then
        assertEquals(new Said(3, Optional.of(first), false, 1, false), said);
    }

    @Test
    void aSignOfLifeIsNothingOwed() {
        // Given
        new PendingStore(bucket, "pod-a", clock).signalAlive();
        clock.pass(Duration.ofMinutes(1));
        owe("pod-a");

        // When
        Said said = queueDepth.read();

        // Then
        assertEquals(new Said(1, Optional.of(clock.instant()), false, 0, false), said);
    }

    @Test
    void beyondWhatIsListedItSaysThatThereIsMore() {
        // Given
        for (String each : List.of("a", "b", "c", "d", "e")) {
            owe("pod-" + each);
            reject(each);
        }

        // When
        Said said = queueDepth.read();

        // Then
        assertEquals(new Said(MOST, Optional.of(SettableClock.START), true, MOST, true), said);
    }
}
