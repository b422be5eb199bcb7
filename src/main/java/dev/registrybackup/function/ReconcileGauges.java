package dev.registrybackup.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.registrybackup.ledger.Alarms;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.transfer.Lanes;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What the last reconciliation came to, read from the backup: it runs in a Job, which nobody scrapes. */
@ApplicationScoped
class ReconcileGauges {
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final List<Kind> CLASSES = List.of(
            Kind.BLOB, Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK, Kind.FOREIGN);

    private final MeterRegistry meters;
    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final Lanes lanes;
    private final LastRun lastRun;
    private final Alarms alarms;
    /** Written by the lanes, read by whoever scrapes. */
    private volatile Seen seen = new Seen(MissingNode.getInstance(), Optional.empty(), 0);

    private record Seen(JsonNode classes, Optional<Instant> success, int alarms) {}

    ReconcileGauges(
            MeterRegistry meters,
            Settings settings,
            RestoreSettings restoreSettings,
            Lanes lanes,
            Sides sides,
            Clock clock) {
        this.meters = meters;
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.lanes = lanes;
        this.lastRun = new LastRun(sides.backup());
        this.alarms = new Alarms(sides.backup(), clock);
    }

    void register(@Observes StartupEvent start) {
        boolean isStanding = settings.isReplicate() || settings.isOperations();
        if (!isStanding || restoreSettings.isCommand()) {
            return;
        }
        lanes.every(LOOK, this::look);
        Gauge.builder(
                        "registry_backup_reconcile_last_success_timestamp_seconds",
                        this,
                        gauges -> gauges.seen
                                .success()
                                .map(Instant::getEpochSecond)
                                .orElse(0L))
                .description(
                        "When the last reconciliation ended that left nothing, in seconds since 1970; 0 if none has")
                .register(meters);
        Gauge.builder("registry_backup_alarms", this, gauges -> gauges.seen.alarms())
                .description("Alarms that nobody has acknowledged")
                .register(meters);
        for (Kind kind : CLASSES) {
            figure(
                    "registry_backup_reconcile_missed_by_events",
                    kind,
                    "missedByEvents",
                    "brought that events should have");
            figure("registry_backup_reconcile_left", kind, "left", "missing or different still");
            figure("registry_backup_reconcile_absent", kind, "absent", "that only the backup has");
        }
    }

    private void figure(String name, Kind kind, String field, String what) {
        Gauge.builder(
                        name,
                        this,
                        gauges -> gauges.seen
                                .classes()
                                .path(kind.label())
                                .path(field)
                                .asDouble())
                .description("Objects of the last reconciliation " + what)
                .tag("class", kind.label())
                .register(meters);
    }

    private void look() {
        LastRun.Said said = lastRun.read();
        seen = new Seen(
                said.summary().path("classes"),
                said.successEnded(),
                alarms.open().size());
    }
}
