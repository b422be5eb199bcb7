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

/**
 * Has things looked up for those who view pages: each once at a time, few at once, and not again within some seconds,
 * however many ask. Safe for use by many threads.
 */
final class ReadCache<T> {
    static final Duration TTL = Duration.ofSeconds(5);
    static final int CONCURRENCY = 4;
    /** So many things are remembered; a repository's may be some megabytes. */
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
    private int underWay;

    private record Entry<T>(CompletableFuture<T> result, Instant begun) {
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
     * What is known of that thing.
     *
     * @param read looks it up, knowing what was known before
     * @return failed with {@link BusyException} if too much is looked up already, or with what the reading threw
     */
    synchronized CompletableFuture<T> get(String thing, Function<Optional<T>, T> read) {
        Entry<T> last = entries.get(thing);
        Instant now = clock.instant();
        if (last != null
                && (!last.result().isDone() || now.isBefore(last.begun().plus(TTL)))) {
            return last.result();
        }
        if (underWay >= CONCURRENCY) {
            return last == null ? CompletableFuture.failedFuture(new BusyException()) : last.result();
        }
        Optional<T> before = last == null ? Optional.empty() : last.value();
        Entry<T> entry = new Entry<>(new CompletableFuture<>(), now);
        workerPools.submitOperation(() -> run(entry, () -> read.apply(before)));
        underWay++;
        entries.put(thing, entry);
        return entry.result();
    }

    private void run(Entry<T> entry, java.util.function.Supplier<T> read) {
        try {
            entry.result().complete(read.get());
        } catch (RuntimeException e) {
            entry.result().completeExceptionally(e);
        } finally {
            synchronized (this) {
                underWay--;
            }
        }
    }

    /** Too many things are looked up at this moment. */
    static final class BusyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BusyException() {
            super("Too much is being looked up at this moment: ask again");
        }
    }
}
