package dev.registrybackup.function;

import dev.registrybackup.transfer.Lanes;
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
class RecordGauges {
    private static final Duration LOOK = Duration.ofMinutes(1);

    private final MeterRegistry meters;
    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final Lanes lanes;
    private final Clock clock;

    RecordGauges(MeterRegistry meters, Settings settings, RestoreSettings restoreSettings, Lanes lanes, Clock clock) {
        this.meters = meters;
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.lanes = lanes;
        this.clock = clock;
    }

    /** Whether this process is a Service that always stands. */
    boolean areShown() {
        return (settings.isReplicate() || settings.isOperations()) && !restoreSettings.isCommand();
    }

    /** Whether it is the one of them that shows what takes a listing to find out. */
    boolean areListed() {
        return settings.isOperations() && areShown();
    }

    /** Looks now and each minute. */
    <T> LastSeen<T> look(Supplier<T> look) {
        LastSeen<T> seen = new LastSeen<>(clock);
        lanes.every(LOOK, () -> seen.see(look.get()));
        return seen;
    }

    MeterRegistry meters() {
        return meters;
    }

    /** A gauge of what was seen; {@code NaN} while nothing was. */
    static <T> Gauge.Builder<LastSeen<T>> gauge(String name, LastSeen<T> seen, ToDoubleFunction<T> value) {
        return Gauge.builder(name, seen, last -> last.number(value)).strongReference(true);
    }

    /** Seconds since 1970; that number of no time at all. */
    static double seconds(Optional<Instant> time, double none) {
        return time.map(Instant::getEpochSecond).map(Long::doubleValue).orElse(none);
    }
}
