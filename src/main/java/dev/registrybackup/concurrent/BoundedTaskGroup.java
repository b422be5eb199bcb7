package dev.registrybackup.concurrent;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Hands pieces of work to the lanes, so many at a time, for one thread that has more of it than fits into memory. The
 * first failure of a piece ends the whole: what the others are at is finished, and nothing more is taken.
 */
public final class BoundedTaskGroup {
    private final WorkerPools workerPools;
    private final int concurrency;
    private final Semaphore permits;
    /** The first failure; written by the lanes' threads, read by the one that submits. Guarded by this. */
    private @Nullable Throwable failure;

    /**
     * A window.
     *
     * @param most how many pieces may be under way at once
     */
    public BoundedTaskGroup(WorkerPools workerPools, int most) {
        this.workerPools = workerPools;
        this.concurrency = most;
        this.permits = new Semaphore(most);
    }

    /**
     * Has the work done in the lane that fits so many bytes, and returns once there is room for the next piece.
     *
     * @throws RuntimeException the failure of an earlier piece
     */
    public void submit(long bytes, Runnable work) {
        acquire(1);
        if (hasFailed()) {
            permits.release();
            await();
        }
        workerPools
                .submitForSize(bytes, () -> {
                    work.run();
                    return true;
                })
                .whenComplete((done, failed) -> {
                    if (failed != null) {
                        recordFailure(failed);
                    }
                    permits.release();
                });
    }

    /**
     * Returns once all that was submitted is done.
     *
     * @throws RuntimeException the first failure among it
     */
    public void await() {
        acquire(concurrency);
        permits.release(concurrency);
        throwFailure();
    }

    private void acquire(int places) {
        try {
            permits.acquire(places);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Stopped while waiting for work under way", e);
        }
    }

    private synchronized void recordFailure(Throwable failed) {
        failure = failure == null ? WorkerPools.unwrap(failed) : failure;
    }

    private synchronized boolean hasFailed() {
        return failure != null;
    }

    private synchronized void throwFailure() {
        Throwable failed = failure;
        if (failed instanceof RuntimeException unchecked) {
            throw unchecked;
        } else if (failed instanceof Error error) {
            throw error;
        }
    }
}
