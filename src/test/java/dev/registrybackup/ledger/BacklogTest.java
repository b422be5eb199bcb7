package dev.registrybackup.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.ledger.Backlog.Said;
import dev.registrybackup.store.InMemoryObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private static final int MOST = 3;

    private final TestClock clock = new TestClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final Backlog backlog = new Backlog(bucket, MOST);

    private void owe(String instance) {
        new OwedShelf(bucket, instance, clock).write(List.of(new OwedKey("docker/a", Optional.empty())));
    }

    private void reject(String name) {
        bucket.seed(Rejections.PREFIX + name, new byte[] {1});
    }

    @Test
    void whereNothingIsOwedThereIsNoOldest() {
        assertEquals(new Said(0, Optional.empty(), false, 0, false), backlog.read());
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
        Said said = backlog.read();

        // Then
        assertEquals(new Said(3, Optional.of(first), false, 1, false), said);
    }

    @Test
    void aSignOfLifeIsNothingOwed() {
        // Given
        new OwedShelf(bucket, "pod-a", clock).signalAlive();
        clock.pass(Duration.ofMinutes(1));
        owe("pod-a");

        // When
        Said said = backlog.read();

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
        Said said = backlog.read();

        // Then
        assertEquals(new Said(MOST, Optional.of(TestClock.START), true, MOST, true), said);
    }
}
