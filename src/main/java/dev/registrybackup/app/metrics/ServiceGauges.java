package dev.registrybackup.app.metrics;

import dev.registrybackup.app.Service;
import dev.registrybackup.app.cli.ProductVersion;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Gauges of this process. */
@ApplicationScoped
class ServiceGauges {
    private final MeterRegistry meters;
    private final Service service;
    private final StoreHealth states;

    ServiceGauges(MeterRegistry meters, Service service, StoreHealth states) {
        this.meters = meters;
        this.service = service;
        this.states = states;
    }

    void register(@Observes StartupEvent start) {
        Gauge.builder("registry_backup_build_info", () -> 1)
                .description("Always 1; the version is in the label")
                .tag("version", ProductVersion.current())
                .register(meters);
        Gauge.builder("registry_backup_keys_in_flight", service, Service::keysInFlight)
                .description("Registry keys in flight for events")
                .register(meters);
        Gauge.builder(
                        "registry_backup_pending_keys",
                        service,
                        wired -> wired.pendingKeys().getAsInt())
                .description("Pending registry keys of this instance")
                .register(meters);
        store("registry", state -> state.registry().isEmpty());
        store("backup", state -> state.backup().isEmpty());
        Gauge.builder(
                        "registry_backup_versioning_enabled",
                        states,
                        all -> all.last().versioned() ? 1 : 0)
                .description("Whether the backup bucket keeps versions")
                .register(meters);
    }

    private void store(String name, java.util.function.Predicate<StoreHealth.State> reached) {
        Gauge.builder("registry_backup_store_reachable", states, all -> reached.test(all.last()) ? 1 : 0)
                .description("Whether the store answered the last check, at most a minute ago")
                .tag("store", name)
                .register(meters);
    }
}
