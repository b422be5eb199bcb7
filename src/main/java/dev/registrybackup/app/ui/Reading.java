package dev.registrybackup.app.ui;

import java.time.Instant;
import java.util.Optional;

/**
 * A value as last read.
 *
 * @param value the value; empty if there was none, or if it was never read
 * @param at when it was last read, UTC; empty if never
 * @param failure why the latest read failed
 */
record Reading<T>(Optional<T> value, Optional<Instant> at, Optional<String> failure) {
    static <T> Reading<T> never() {
        return new Reading<>(Optional.empty(), Optional.empty(), Optional.empty());
    }

    static <T> Reading<T> of(Optional<T> value, Instant at) {
        return new Reading<>(value, Optional.of(at), Optional.empty());
    }

    /** The previous value with the reason of the failed read. */
    Reading<T> failed(String reason) {
        return new Reading<>(value, at, Optional.of(reason));
    }
}
