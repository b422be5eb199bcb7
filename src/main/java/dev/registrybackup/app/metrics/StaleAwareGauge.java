package dev.registrybackup.app.metrics;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What was seen when the backup was last looked at. After ten minutes without a look that succeeded it is unknown again: a
 * figure that stays good while the store cannot be read says the opposite of what is so. Safe for use by many threads.
 */
final class StaleAwareGauge<T> {
    static final Duration TTL = Duration.ofMinutes(10);

    private final Clock clock;
    private volatile Optional<Sample<T>> seen = Optional.empty();

    private record Sample<T>(T what, Instant at) {}

    StaleAwareGauge(Clock clock) {
        this.clock = clock;
    }

    void set(T what) {
        seen = Optional.of(new Sample<>(what, clock.instant()));
    }

    /** The number that it says; {@code NaN} if nothing was seen yet, or not for ten minutes. */
    double value(ToDoubleFunction<T> value) {
        return seen.filter(last -> clock.instant().isBefore(last.at().plus(TTL)))
                .map(last -> value.applyAsDouble(last.what()))
                .orElse(Double.NaN);
    }
}
