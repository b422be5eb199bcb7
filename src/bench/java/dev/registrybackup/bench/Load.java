package dev.registrybackup.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A closed loop with a fixed concurrency: each task starts as soon as another one has finished. */
final class Load {

    private Load() {}

    /** The nanoseconds of each task, in their order, and of all of them together. */
    record Run(List<Long> nanos, Duration elapsed) {
        double perSecond() {
            return nanos.size() * 1e9 / elapsed.toNanos();
        }
    }

    /** Runs the task for each; fails if one fails. */
    static <T> Run run(int concurrency, List<T> things, Consumer<T> work) {
        long[] nanos = new long[things.size()];
        AtomicInteger next = new AtomicInteger();
        Runnable worker = () -> {
            for (int at = next.getAndIncrement(); at < nanos.length; at = next.getAndIncrement()) {
                long begun = System.nanoTime();
                work.accept(things.get(at));
                nanos[at] = System.nanoTime() - begun;
            }
        };
        long begun = System.nanoTime();
        inParallel(concurrency, worker);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        return new Run(Arrays.stream(nanos).boxed().toList(), elapsed);
    }

    private static void inParallel(int concurrency, Runnable worker) {
        ExecutorService threads = Executors.newFixedThreadPool(concurrency);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int number = 0; number < concurrency; number++) {
                workers.add(threads.submit(worker));
            }
            for (Future<?> running : workers) {
                running.get();
            }
        } catch (ExecutionException failure) {
            throw new IllegalStateException("A step of the load failed", failure.getCause());
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted under load", interrupt);
        } finally {
            threads.shutdownNow();
        }
    }
}
