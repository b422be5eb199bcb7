package dev.registrybackup.concurrent;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * How fast bulk work may read: so many bytes a second over all its threads. Whoever has read more than its share waits, so
 * that restore and verify leave the store to the registry; events are never held up by it. Safe for use by many threads.
 */
public final class RateLimiter {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition timer = lock.newCondition();

    /** Guarded by the lock: when all that was taken so far is paid for, in the time of nanoTime. */
    private long availableAt;

    /**
     * A pace.
     *
     * @param bytesPerSecond how many bytes may be read in a second; 0 for as many as come
     * @param nanoTime the time in nanoseconds, as {@link System#nanoTime} has it
     */
    public RateLimiter(long bytesPerSecond, LongSupplier nanoTime) {
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.availableAt = nanoTime.getAsLong();
    }

    /** No bound. */
    public static RateLimiter unlimited() {
        return new RateLimiter(0, () -> 0);
    }

    /**
     * Says that so many bytes were read, and returns once reading on keeps to the pace.
     *
     * @throws InterruptedException if the thread is told to stop
     */
    public void acquire(long bytes) throws InterruptedException {
        if (bytesPerSecond <= 0) {
            return;
        }
        lock.lockInterruptibly();
        try {
            availableAt = Math.max(availableAt, nanoTime.getAsLong()) + nanosFor(bytes);
            long mine = availableAt;
            for (long left = mine - nanoTime.getAsLong(); left > 0; left = mine - nanoTime.getAsLong()) {
                timer.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private long nanosFor(long bytes) {
        return (long) ((double) bytes / bytesPerSecond * NANOS_PER_SECOND);
    }
}
