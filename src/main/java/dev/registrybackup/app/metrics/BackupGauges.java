package dev.registrybackup.app.metrics;

import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.WorkerPools;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Shows what is on record in the backup, looked at once a minute, in the Services that stand and are scraped. */
@ApplicationScoped
class BackupGauges {
    private static final Duration POLL_INTERVAL = Duration.ofMinutes(1);

    private final MeterRegistry meters;
    private final Settings settings;
    private final WorkerPools workerPools;
    private final Clock clock;

    BackupGauges(MeterRegistry meters, Settings settings, WorkerPools workerPools, Clock clock) {
        this.meters = meters;
        this.settings = settings;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** Whether this process is a Service that always stands. */
    boolean areShown() {
        return (settings.isReplicate() || settings.isOperations()) && !settings.isCommand();
    }

    /** Whether it is the one of them that shows what takes a listing to find out. */
    boolean areListed() {
        return settings.isOperations() && areShown();
    }

    /** Looks now and each minute. */
    <T> StaleAwareGauge<T> poll(Supplier<T> look) {
        StaleAwareGauge<T> seen = new StaleAwareGauge<>(clock);
        workerPools.scheduleAtFixedRate(POLL_INTERVAL, () -> seen.set(look.get()));
        return seen;
    }

    MeterRegistry meters() {
        return meters;
    }

    /** A gauge of what was seen; {@code NaN} while nothing was. */
    static <T> Gauge.Builder<StaleAwareGauge<T>> gauge(
            String name, StaleAwareGauge<T> seen, ToDoubleFunction<T> value) {
        return Gauge.builder(name, seen, last -> last.value(value)).strongReference(true);
    }

    /** Seconds since 1970; that number of no time at all. */
    static double seconds(Optional<Instant> time, double none) {
        return time.map(Instant::getEpochSecond).map(Long::doubleValue).orElse(none);
    }
}
