package dev.registrybackup.concurrent;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs work at most once at a time for each key. Who asks while a run is under way shares the one that follows it, and
 * not that run itself: it may have looked already at what has changed since. So a thousand who ask at once cause two runs,
 * and each gets the result of a run that began after it asked. Safe for use by many threads.
 *
 * @param <T> what a run results in
 */
public final class CoalescingExecutor<T> {
    /** Guarded by this: the keys with a run under way, and for each the run to follow, if any asked for one. */
    private final Map<String, Under<T>> underWay = new HashMap<>();

    private static final class Under<T> {
        private @Nullable Following<T> next;
    }

    private record Following<T>(CompletableFuture<T> result, Supplier<CompletableFuture<T>> work) {}

    /**
     * The result of a run for the key that begins after this call.
     *
     * @param work starts a run without blocking; a failure to start is the run's failure
     */
    public CompletableFuture<T> run(String key, Supplier<CompletableFuture<T>> work) {
        Following<T> mine = new Following<>(new CompletableFuture<>(), work);
        synchronized (this) {
            Under<T> under = underWay.get(key);
            if (under != null) {
                if (under.next == null) {
                    under.next = mine;
                }
                return under.next.result();
            }
            underWay.put(key, new Under<>());
        }
        start(key, mine);
        return mine.result();
    }

    private void start(String key, Following<T> run) {
        CompletableFuture<T> working;
        try {
            working = run.work().get();
        } catch (RuntimeException | Error e) {
            working = CompletableFuture.failedFuture(e);
        }
        working.whenComplete((result, failure) -> {
            Following<T> next = follow(key);
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

    private synchronized @Nullable Following<T> follow(String key) {
        Under<T> under = underWay.get(key);
        if (under == null || under.next == null) {
            underWay.remove(key);
            return null;
        }
        Following<T> next = under.next;
        under.next = null;
        return next;
    }
}
