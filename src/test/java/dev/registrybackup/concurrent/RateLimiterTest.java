package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger reads = new AtomicInteger();

    /** Each look at the clock finds a tenth of a millisecond gone by, so that waiting ends. */
    private long tick() {
        reads.incrementAndGet();
        return now.addAndGet(100_000);
    }

    @Test
    void aReaderOverTheLimitWaits() throws InterruptedException {
        // Given
        RateLimiter rateLimiter = new RateLimiter(1_000_000, this::tick);

        // When
        rateLimiter.acquire(2000);

        // Then
        assertTrue(now.get() >= 2_000_000, now::toString);
    }

    @Test
    void timeInWhichNothingWasReadIsNotSavedUp() throws InterruptedException {
        // Given
        RateLimiter rateLimiter = new RateLimiter(1_000_000, this::tick);
        now.addAndGet(60_000_000);
        long before = now.get();

        // When
        rateLimiter.acquire(1000);

        // Then
        assertTrue(now.get() - before >= 1_000_000);
    }

    @Test
    void withoutALimitTheClockIsNotRead() throws InterruptedException {
        // Given
        RateLimiter rateLimiter = new RateLimiter(0, this::tick);
        reads.set(0);

        // When
        rateLimiter.acquire(Long.MAX_VALUE);

        // Then
        assertEquals(0, reads.get());
    }

    @Test
    void anInterruptedThreadStopsWaiting() {
        // Given
        RateLimiter rateLimiter = new RateLimiter(1, () -> 0);
        Thread.currentThread().interrupt();

        // When / Then
        assertThrows(InterruptedException.class, () -> rateLimiter.acquire(1_000_000));
    }
}
