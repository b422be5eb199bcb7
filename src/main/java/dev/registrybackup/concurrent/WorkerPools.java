package dev.registrybackup.concurrent;

import dev.registrybackup.logging.LogEvent;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
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
 * All threads of this program except the HTTP server's. A task uses a thread of a pool while one request or one
 * object's bytes move, and never while it waits for another object: work on several objects is composed of futures. So
 * each pool may have a single thread without a deadlock, and small objects overtake large ones.
 */
public final class WorkerPools implements AutoCloseable {
    /** Objects up to this many bytes are small: read into memory, verified, and written. */
    public static final int MAX_SMALL_BYTES = 1 << 20;

    private static final System.Logger LOGGER = System.getLogger(WorkerPools.class.getName());
    private static final int METADATA_THREADS = 4;

    private final ExecutorService small;
    private final ExecutorService large;
    private final int largeThreads;
    /** How many tasks for large objects run or wait. */
    private final AtomicInteger largeTasks = new AtomicInteger();

    private final ExecutorService metadata;
    private final ExecutorService operationThreads;
    /** At most one thread for each periodic task, so that a hanging one blocks neither records nor the others. */
    private final ExecutorService periodic;

    private final ScheduledThreadPoolExecutor timer;

    /** A periodic task that runs until this is closed; a run that was due by then may still follow. */
    @FunctionalInterface
    public interface ScheduledTask extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Starts the pools.
     *
     * @param smallThreads how many requests without large bodies may run at once
     * @param largeThreads how many large objects may be copied at once
     */
    public WorkerPools(int smallThreads, int largeThreads) {
        small = Executors.newFixedThreadPool(smallThreads, threadFactory("small"));
        this.largeThreads = largeThreads;
        large = Executors.newFixedThreadPool(largeThreads, threadFactory("large"));
        metadata = Executors.newFixedThreadPool(METADATA_THREADS, threadFactory("records"));
        operationThreads = Executors.newCachedThreadPool(threadFactory("operation"));
        periodic = Executors.newCachedThreadPool(threadFactory("periodic"));
        timer = new ScheduledThreadPoolExecutor(1, threadFactory("timer"));
        timer.setRemoveOnCancelPolicy(true);
    }

    private static ThreadFactory threadFactory(String pool) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, pool + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Submits a task to the pool for small objects and single requests. */
    public <T> CompletableFuture<T> submitSmall(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, small);
    }

    /** Submits a task to the pool for an object of this size in bytes. */
    public <T> CompletableFuture<T> submitForSize(long bytes, Supplier<T> work) {
        if (bytes <= MAX_SMALL_BYTES) {
            return submitSmall(work);
        }
        largeTasks.incrementAndGet();
        return submitLarge(work);
    }

    /** Submits a task to the pool for large objects if it runs at once; empty if all threads of the pool are in use. */
    public <T> Optional<CompletableFuture<T>> submitLargeIfFree(Supplier<T> work) {
        boolean isFree = largeTasks.getAndUpdate(tasks -> tasks < largeThreads ? tasks + 1 : tasks) < largeThreads;
        return isFree ? Optional.of(submitLarge(work)) : Optional.empty();
    }

    private <T> CompletableFuture<T> submitLarge(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, large)
                .whenComplete((result, failure) -> largeTasks.decrementAndGet());
    }

    /** Submits a task to the pool for this program's own records, which no copy can block. */
    public <T> CompletableFuture<T> submitMetadata(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, metadata);
    }

    /** The failure of a task, without the exceptions that futures wrap it in. */
    public static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Waits for the result of a task. Throws its failure as it is, if that is unchecked. */
    public static <T> T join(CompletableFuture<T> task) {
        try {
            return task.join();
        } catch (CompletionException e) {
            throw unwrap(e) instanceof RuntimeException failure ? failure : e;
        }
    }

    /**
     * Starts a task that may take hours on a thread of its own; it uses the other pools only for what it submits there.
     * The caller bounds how many run at once.
     */
    public CompletableFuture<Void> submitOperation(Runnable work) {
        return CompletableFuture.runAsync(work, operationThreads);
    }

    /** Runs a step that does not block, after the delay, on the timer's one thread. */
    public void schedule(Duration delay, Runnable step) {
        timer.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Blocks the calling thread for this long. No thread of a pool for objects or records may call it. */
    public void sleep(Duration duration) {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        schedule(duration, () -> over.complete(true));
        join(over);
    }

    /**
     * Runs a step that does not block, after the delay, on the timer's one thread, unless the future is done by then. Once
     * it is done, the step and what it refers to are kept no longer.
     */
    public void scheduleUnlessDone(CompletableFuture<?> future, Duration delay, Runnable step) {
        if (future.isDone()) {
            return;
        }
        Runnable unlessDone = () -> {
            if (!future.isDone()) {
                step.run();
            }
        };
        Future<?> scheduled = timer.schedule(unlessDone, delay.toMillis(), TimeUnit.MILLISECONDS);
        future.whenComplete((value, failure) -> scheduled.cancel(false));
    }

    /** How many steps wait for their time. */
    int scheduledSteps() {
        return timer.getQueue().size();
    }

    /**
     * Runs a task now and after each period, on a thread of its own and never twice at once: periods that end during a
     * run are skipped. A failure is logged and does not stop later runs.
     *
     * @param name what the work is, for the log
     */
    public ScheduledTask scheduleAtFixedRate(String name, Duration period, Runnable work) {
        AtomicBoolean isRunning = new AtomicBoolean();
        Runnable logged = () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LogEvent.of("periodic-work-failed")
                        .with("work", name)
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
        Future<?> scheduled = timer.scheduleAtFixedRate(unlessRunning, 0, period.toMillis(), TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    /** Rejects new tasks and interrupts running ones: unanswered events will be delivered again. */
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
