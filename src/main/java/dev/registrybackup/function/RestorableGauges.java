package dev.registrybackup.function;

import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.verify.RestorableShare;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** What share of all ImageStream items the last verification found restorable, read from the backup. */
@ApplicationScoped
class RestorableGauges {
    static final String TIMESTAMP = "registry_backup_imagestream_items_restorable_timestamp";
    /** Ends its name as it is shown. */
    static final String TIMESTAMP_UNIT = "seconds";

    private static final Duration LOOK = Duration.ofMinutes(1);

    private final MeterRegistry meters;
    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final Lanes lanes;
    private final RestorableShare share;
    /** Written by the lanes, read by whoever scrapes. */
    private volatile Optional<RestorableShare.Said> seen = Optional.empty();

    RestorableGauges(
            MeterRegistry meters, Settings settings, RestoreSettings restoreSettings, Lanes lanes, Sides sides) {
        this.meters = meters;
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.lanes = lanes;
        this.share = new RestorableShare(sides.backup());
    }

    void register(@Observes StartupEvent start) {
        boolean isStanding = settings.isReplicate() || settings.isOperations();
        if (!isStanding || restoreSettings.isCommand() || !restoreSettings.isOpenShift()) {
            return;
        }
        lanes.every(LOOK, () -> seen = share.read());
        gauge("registry_backup_imagestream_items_restorable_share", RestorableShare.Said::share)
                .description("Share of ImageStream items, pushed and not imported, that the backup can restore whole")
                .register(meters);
        gauge(TIMESTAMP, said -> said.at().getEpochSecond())
                .baseUnit(TIMESTAMP_UNIT)
                .description("When that share was true, in seconds since 1970")
                .register(meters);
    }

    /** No number before the first. */
    private Gauge.Builder<RestorableGauges> gauge(String name, ToDoubleFunction<RestorableShare.Said> value) {
        return Gauge.builder(
                name, this, gauges -> gauges.seen.map(value::applyAsDouble).orElse(Double.NaN));
    }
}
