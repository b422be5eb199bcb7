package dev.registrybackup.app.ui;

import dev.registrybackup.concurrent.WorkerPools;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Reads values for pages: each value once at a time, few at once, and not again within a few seconds, for any number of
 * callers. Safe for use by many threads.
 */
final class ReadCache<T> {
    static final Duration TTL = Duration.ofSeconds(5);
    static final int CONCURRENCY = 4;
    /** How many values are cached; a repository's may take some megabytes. */
    static final int MAX_ENTRIES = 16;

    private final WorkerPools workerPools;
    private final Clock clock;
    /** Guarded by this. */
    private final Map<String, Entry<T>> entries = new LinkedHashMap<>(MAX_ENTRIES, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Entry<T>> eldest) {
            return size() > MAX_ENTRIES;
        }
    };
    /** Guarded by this. */
    private int running;

    private record Entry<T>(CompletableFuture<T> result, Instant startedAt) {
        Optional<T> value() {
            return result.isDone() && !result.isCompletedExceptionally()
                    ? Optional.of(result.join())
                    : Optional.empty();
        }
    }

    ReadCache(WorkerPools workerPools, Clock clock) {
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /**
     * The cached or newly read value.
     *
     * @param read reads it, given the last value
     * @return failed with {@link BusyException} if too many reads are running, or with the exception of the read
     */
    synchronized CompletableFuture<T> get(String name, Function<Optional<T>, T> read) {
        Entry<T> last = entries.get(name);
        Instant now = clock.instant();
        if (last != null
                && (!last.result().isDone() || now.isBefore(last.startedAt().plus(TTL)))) {
            return last.result();
        }
        if (running >= CONCURRENCY) {
            return last == null ? CompletableFuture.failedFuture(new BusyException()) : last.result();
        }
        Optional<T> before = last == null ? Optional.empty() : last.value();
        Entry<T> entry = new Entry<>(new CompletableFuture<>(), now);
        workerPools.submitOperation(() -> run(entry, () -> read.apply(before)));
        running++;
        entries.put(name, entry);
        return entry.result();
    }

    private void run(Entry<T> entry, Supplier<T> read) {
        try {
            entry.result().complete(read.get());
        } catch (RuntimeException e) {
            entry.result().completeExceptionally(e);
        } finally {
            synchronized (this) {
                running--;
            }
        }
    }

    static final class BusyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BusyException() {
            super("Too many pages are being read: retry in a few seconds");
        }
    }
}
