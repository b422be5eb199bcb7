package dev.registrybackup.concurrent;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Hands pieces of work to the lanes, so many at a time, for one thread that has more of it than fits into memory. The
 * first failure of a piece ends the whole: what the others are at is finished, and nothing more is taken.
 */
public final class BoundedTaskGroup {
    private final WorkerPools workerPools;
    private final int most;
    private final Semaphore free;
    /** The first failure; written by the lanes' threads, read by the one that submits. Guarded by this. */
    private @Nullable Throwable failure;

    /**
     * A window.
     *
     * @param most how many pieces may be under way at once
     */
    public BoundedTaskGroup(WorkerPools workerPools, int most) {
        this.workerPools = workerPools;
        this.most = most;
        this.free = new Semaphore(most);
    }

    /**
     * Has the work done in the lane that fits so many bytes, and returns once there is room for the next piece.
     *
     * @throws RuntimeException the failure of an earlier piece
     */
    public void submit(long bytes, Runnable work) {
        take(1);
        if (hasFailed()) {
            free.release();
            await();
        }
        workerPools
                .forSize(bytes, () -> {
                    work.run();
                    return true;
                })
                .whenComplete((done, failed) -> {
                    if (failed != null) {
                        keep(failed);
                    }
                    free.release();
                });
    }

    /**
     * Returns once all that was submitted is done.
     *
     * @throws RuntimeException the first failure among it
     */
    public void await() {
        take(most);
        free.release(most);
        rethrow();
    }

    private void take(int places) {
        try {
            free.acquire(places);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Stopped while waiting for work under way", e);
        }
    }

    private synchronized void keep(Throwable failed) {
        failure = failure == null ? WorkerPools.cause(failed) : failure;
    }

    private synchronized boolean hasFailed() {
        return failure != null;
    }

    private synchronized void rethrow() {
        Throwable failed = failure;
        if (failed instanceof RuntimeException unchecked) {
            throw unchecked;
        } else if (failed instanceof Error error) {
            throw error;
        }
    }
}
