package dev.registrybackup.app.ui;

import java.time.Instant;
import java.util.Optional;

/**
 * Something as it was last read.
 *
 * @param value what was read; empty if there was nothing, or if it was never read
 * @param at when it was last read, UTC; empty if it never was
 * @param failure why it could not be read this time
 */
record Reading<T>(Optional<T> value, Optional<Instant> at, Optional<String> failure) {
    static <T> Reading<T> never() {
        return new Reading<>(Optional.empty(), Optional.empty(), Optional.empty());
    }

    static <T> Reading<T> of(Optional<T> value, Instant at) {
        return new Reading<>(value, Optional.of(at), Optional.empty());
    }

    /** What was known before, and why nothing newer is. */
    Reading<T> failed(String reason) {
        return new Reading<>(value, at, Optional.of(reason));
    }
}
