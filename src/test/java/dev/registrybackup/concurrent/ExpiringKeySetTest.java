package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpiringKeySetTest {
    private final SettableClock clock = new SettableClock();
    private final ExpiringKeySet durable = new ExpiringKeySet(clock, Duration.ofMinutes(5), 3);

    @Test
    void aKeyIsKnownUntilItsTimeIsOver() {
        // Given
        durable.add("a");

        // When
        clock.advance(Duration.ofMinutes(5).minusNanos(1));
        boolean before = durable.contains("a");
        clock.advance(Duration.ofNanos(1));
        boolean after = durable.contains("a");

        // Then
        assertTrue(before);
        assertFalse(after);
    }

    @Test
    void toRememberAgainStartsItsTimeAgain() {
        // Given
        durable.add("a");
        clock.advance(Duration.ofMinutes(4));
        durable.add("a");

        // When
        clock.advance(Duration.ofMinutes(4));

        // Then
        assertTrue(durable.contains("a"));
    }

    @Test
    void neverMoreThanTheBoundAreKnown() {
        // When
        IntStream.range(0, 1000).forEach(number -> durable.add("key" + number));

        // Then
        assertTrue(3
                >= IntStream.range(0, 1000)
                        .filter(number -> durable.contains("key" + number))
                        .count());
    }

    @Test
    void aForgottenKeyIsNotKnown() {
        // Given
        durable.add("a");

        // When
        durable.remove("a");

        // Then
        assertFalse(durable.contains("a"));
    }
}
