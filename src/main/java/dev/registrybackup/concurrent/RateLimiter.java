package dev.registrybackup.concurrent;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Limits how many bytes per second bulk work reads, over all its threads. A thread over the limit waits, so that
 * restore and verify leave bandwidth to the registry; events are never limited. Safe for use by many threads.
 */
public final class RateLimiter {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    /** Guarded by this: until when the bytes read so far use up the limit, in the time of nanoTime. */
    private long availableAt;

    /**
     * A limiter for this rate.
     *
     * @param bytesPerSecond how many bytes may be read per second; 0 for no limit
     * @param nanoTime the time in nanoseconds, as {@link System#nanoTime} has it
     */
    public RateLimiter(long bytesPerSecond, LongSupplier nanoTime) {
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.availableAt = nanoTime.getAsLong();
    }

    /** A limiter without a limit. */
    public static RateLimiter unlimited() {
        return new RateLimiter(0, () -> 0);
    }

    /**
     * Counts bytes that were read, and returns once more reading keeps to the limit.
     *
     * @throws InterruptedException if the thread is interrupted
     */
    public void acquire(long bytes) throws InterruptedException {
        if (bytesPerSecond <= 0) {
            return;
        }
        long mine = reserve(bytes);
        for (long left = mine - nanoTime.getAsLong(); left > 0; left = mine - nanoTime.getAsLong()) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    private synchronized long reserve(long bytes) {
        availableAt = Math.max(availableAt, nanoTime.getAsLong())
                + (long) ((double) bytes / bytesPerSecond * NANOS_PER_SECOND);
        return availableAt;
    }
}
