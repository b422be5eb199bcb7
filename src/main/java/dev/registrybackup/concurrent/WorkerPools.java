package dev.registrybackup.concurrent;

import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * All threads of this program but the HTTP server's. A place in a lane is held while one request or one object's bytes
 * move and never while waiting for another object: work that needs several objects is composed of futures. So any lane
 * may be as narrow as one thread without anything standing still for ever, and small objects pass large ones.
 */
public final class WorkerPools implements AutoCloseable {
    /** Objects up to this many bytes are small: read whole into memory, proved, and written. */
    public static final int MAX_SMALL_BYTES = 1 << 20;

    private static final System.Logger LOGGER = System.getLogger(WorkerPools.class.getName());
    private static final int METADATA_THREADS = 4;

    private final ExecutorService small;
    private final ExecutorService large;
    private final ExecutorService metadata;
    private final ExecutorService operationThreads;
    /** One thread for each periodic work at the most, so that one which hangs holds up neither records nor the others. */
    private final ExecutorService periodic;

    private final ScheduledThreadPoolExecutor timer;

    /** Work that is done again and again until this is closed; what was due by then may still be done after that. */
    @FunctionalInterface
    public interface ScheduledTask extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Starts the lanes.
     *
     * @param smallThreads how many requests without large bodies may be under way at once
     * @param largeThreads how many large objects may move at once
     */
    public WorkerPools(int smallThreads, int largeThreads) {
        small = Executors.newFixedThreadPool(smallThreads, threadFactory("small"));
        large = Executors.newFixedThreadPool(largeThreads, threadFactory("large"));
        metadata = Executors.newFixedThreadPool(METADATA_THREADS, threadFactory("records"));
        operationThreads = Executors.newCachedThreadPool(threadFactory("operation"));
        periodic = Executors.newCachedThreadPool(threadFactory("periodic"));
        timer = new ScheduledThreadPoolExecutor(1, threadFactory("timer"));
        timer.setRemoveOnCancelPolicy(true);
    }

    private static ThreadFactory threadFactory(String lane) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, lane + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Does it in the lane of small objects and single requests. */
    public <T> CompletableFuture<T> submitSmall(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, small);
    }

    /** Does it in the lane that fits an object of so many bytes. */
    public <T> CompletableFuture<T> submitForSize(long bytes, Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, bytes <= MAX_SMALL_BYTES ? small : large);
    }

    /** Does it in the lane of our own records, which no copy can hold up. */
    public <T> CompletableFuture<T> submitMetadata(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, metadata);
    }

    /** Why work in a lane failed, without what a future wraps it in. */
    public static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /**
     * Begins work that may take hours, on a thread of its own: it takes no place in another lane but through what it asks
     * for there. How many there are at once is the caller's to bound.
     */
    public CompletableFuture<Void> submitOperation(Runnable work) {
        return CompletableFuture.runAsync(work, operationThreads);
    }

    /** Runs a step that does not block, later, on the timer's one thread. Cancelled, it is kept no longer. */
    public Future<?> schedule(Duration delay, Runnable step) {
        return timer.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Runs work now and again after each period, on a thread of its own and never beside itself: while it runs, a period
     * that ends is skipped. A failure is logged and ends nothing.
     */
    public ScheduledTask scheduleAtFixedRate(Duration period, Runnable work) {
        AtomicBoolean isRunning = new AtomicBoolean();
        Runnable logged = () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LogEvent.of("periodic-work-failed")
                        .with("reason", e.getMessage())
                        .with("next", "in %d s".formatted(period.toSeconds()))
                        .log(LOGGER, Level.WARNING);
            } finally {
                isRunning.set(false);
            }
        };
        Runnable unlessRunning = () -> {
            if (isRunning.compareAndSet(false, true)) {
                periodic.execute(logged);
            }
        };
        Future<?> begun = timer.scheduleAtFixedRate(unlessRunning, 0, period.toMillis(), TimeUnit.MILLISECONDS);
        return () -> begun.cancel(false);
    }

    /** Stops taking work and interrupts what is under way: whatever was not answered will be delivered again. */
    @Override
    public void close() {
        timer.shutdownNow();
        small.shutdownNow();
        large.shutdownNow();
        metadata.shutdownNow();
        operationThreads.shutdownNow();
        periodic.shutdownNow();
    }
}
