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
record ReadResult<T>(Optional<T> value, Optional<Instant> at, Optional<String> failure) {
    static <T> ReadResult<T> never() {
        return new ReadResult<>(Optional.empty(), Optional.empty(), Optional.empty());
    }

    static <T> ReadResult<T> of(Optional<T> value, Instant at) {
        return new ReadResult<>(value, Optional.of(at), Optional.empty());
    }

    /** The previous value with the reason of the failed read. */
    ReadResult<T> failed(String reason) {
        return new ReadResult<>(value, at, Optional.of(reason));
    }
}
