package dev.registrybackup.concurrent;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Runs work at most once at a time for each key. A caller during a run shares the next run and not the current one,
 * which may already have read what has changed since. So 1,000 callers at once cause two runs, and each gets the result
 * of a run that started after its call. Safe for use by many threads.
 *
 * @param <T> what a run results in
 */
public final class CoalescingExecutor<T> {
    /** Guarded by this: the keys with a running run, and the next run of each, if it was requested. */
    private final Map<String, Optional<PendingRun<T>>> running = new HashMap<>();

    private record PendingRun<T>(CompletableFuture<T> result, Supplier<CompletableFuture<T>> work) {}

    /**
     * The result of a run for the key that begins after this call.
     *
     * @param work starts a run without blocking; a failure to start is the run's failure
     */
    public CompletableFuture<T> submit(String key, Supplier<CompletableFuture<T>> work) {
        PendingRun<T> mine = new PendingRun<>(new CompletableFuture<>(), work);
        synchronized (this) {
            Optional<PendingRun<T>> next = running.get(key);
            if (next != null) {
                PendingRun<T> shared = next.orElse(mine);
                running.put(key, Optional.of(shared));
                return shared.result();
            }
            running.put(key, Optional.empty());
        }
        start(key, mine);
        return mine.result();
    }

    private void start(String key, PendingRun<T> run) {
        CompletableFuture<T> working;
        try {
            working = run.work().get();
        } catch (RuntimeException | Error e) {
            working = CompletableFuture.failedFuture(e);
        }
        working.whenComplete((result, failure) -> {
            Optional<PendingRun<T>> next = nextRun(key);
            if (failure == null) {
                run.result().complete(result);
            } else {
                run.result().completeExceptionally(failure);
            }
            next.ifPresent(following -> start(key, following));
        });
    }

    private synchronized Optional<PendingRun<T>> nextRun(String key) {
        Optional<PendingRun<T>> next = running.getOrDefault(key, Optional.empty());
        if (next.isPresent()) {
            running.put(key, Optional.empty());
        } else {
            running.remove(key);
        }
        return next;
    }
}
