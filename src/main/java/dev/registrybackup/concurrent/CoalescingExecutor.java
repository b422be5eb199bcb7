package dev.registrybackup.concurrent;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs work at most once at a time for each key. A caller during a run shares the next run and not the current one,
 * which may already have read what has changed since. So 1,000 callers at once cause two runs, and each gets the result
 * of a run that started after its call. Safe for use by many threads.
 *
 * @param <T> what a run results in
 */
public final class CoalescingExecutor<T> {
    /** Guarded by this: the keys with a running run, and the next run of each, if it was requested. */
    private final Map<String, KeyRun<T>> running = new HashMap<>();

    private static final class KeyRun<T> {
        private @Nullable PendingRun<T> next;
    }

    private record PendingRun<T>(CompletableFuture<T> result, Supplier<CompletableFuture<T>> work) {}

    /**
     * The result of a run for the key that begins after this call.
     *
     * @param work starts a run without blocking; a failure to start is the run's failure
     */
    public CompletableFuture<T> submit(String key, Supplier<CompletableFuture<T>> work) {
        PendingRun<T> mine = new PendingRun<>(new CompletableFuture<>(), work);
        synchronized (this) {
            KeyRun<T> keyRun = running.get(key);
            if (keyRun != null) {
                if (keyRun.next == null) {
                    keyRun.next = mine;
                }
                return keyRun.next.result();
            }
            running.put(key, new KeyRun<>());
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
            PendingRun<T> next = nextRun(key);
            if (failure == null) {
                run.result().complete(result);
            } else {
                run.result().completeExceptionally(failure);
            }
            if (next != null) {
                start(key, next);
            }
        });
    }

    private synchronized @Nullable PendingRun<T> nextRun(String key) {
        KeyRun<T> keyRun = running.get(key);
        if (keyRun == null || keyRun.next == null) {
            running.remove(key);
            return null;
        }
        PendingRun<T> next = keyRun.next;
        keyRun.next = null;
        return next;
    }
}
