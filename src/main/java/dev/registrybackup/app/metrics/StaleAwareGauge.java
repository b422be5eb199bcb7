package dev.registrybackup.app.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Keeps the last value read from the backup. After 10 min without a successful read it is unknown again, so that no
 * good value stays while the store cannot be read. Safe for use by many threads.
 */
final class StaleAwareGauge<T> {
    static final Duration TTL = Duration.ofMinutes(10);

    private final MeterRegistry meters;
    private final Clock clock;
    private volatile Optional<Sample<T>> seen = Optional.empty();

    private record Sample<T>(T what, Instant at) {}

    StaleAwareGauge(MeterRegistry meters, Clock clock) {
        this.meters = meters;
        this.clock = clock;
    }

    void set(T what) {
        seen = Optional.of(new Sample<>(what, clock.instant()));
    }

    /** Registers a gauge of the value: {@code NaN} if none was read in the last 10 min. */
    void register(String name, String description, ToDoubleFunction<T> value, Tag... tags) {
        Gauge.builder(name, this, last -> last.value(value))
                .strongReference(true)
                .description(description)
                .tags(List.of(tags))
                .register(meters);
    }

    private double value(ToDoubleFunction<T> value) {
        return seen.filter(last -> clock.instant().isBefore(last.at().plus(TTL)))
                .map(last -> value.applyAsDouble(last.what()))
                .orElse(Double.NaN);
    }
}
