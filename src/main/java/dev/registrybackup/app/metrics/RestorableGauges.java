package dev.registrybackup.app.metrics;

import dev.registrybackup.app.config.Settings;
import dev.registrybackup.reconcile.StorePair;
import dev.registrybackup.verify.RestorableShare;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** What share of all ImageStream items the last verification found restorable, read from the backup. */
@ApplicationScoped
class RestorableGauges {
    static final String TIMESTAMP = "registry_backup_imagestream_items_restorable_timestamp";
    /** Ends its name as it is shown. */
    static final String TIMESTAMP_UNIT = "seconds";

    private final BackupGauges records;
    private final Settings settings;
    private final RestorableShare share;

    RestorableGauges(BackupGauges records, Settings settings, StorePair storePair) {
        this.records = records;
        this.settings = settings;
        this.share = new RestorableShare(storePair.backup());
    }

    void register(@Observes StartupEvent start) {
        if (!records.areShown() || !settings.isOpenShift()) {
            return;
        }
        StaleAwareGauge<Optional<RestorableShare.ShareRecord>> seen = records.poll(share::read);
        BackupGauges.gauge(
                        "registry_backup_imagestream_items_restorable_share",
                        seen,
                        ifKnown(RestorableShare.ShareRecord::share))
                .description("Share of ImageStream items, pushed and not imported, that the backup can restore whole")
                .register(records.meters());
        BackupGauges.gauge(
                        TIMESTAMP, seen, ifKnown(shareRecord -> shareRecord.at().getEpochSecond()))
                .baseUnit(TIMESTAMP_UNIT)
                .description("When that share was true, in seconds since 1970")
                .register(records.meters());
    }

    /** No number before the first. */
    private static ToDoubleFunction<Optional<RestorableShare.ShareRecord>> ifKnown(
            ToDoubleFunction<RestorableShare.ShareRecord> value) {
        return said -> said.map(value::applyAsDouble).orElse(Double.NaN);
    }
}
