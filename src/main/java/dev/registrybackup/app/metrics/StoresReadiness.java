package dev.registrybackup.app.metrics;

import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.health.api.HealthGroup;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Shows the stores' state, at {@code /q/health/group/stores} only. */
@ApplicationScoped
@HealthGroup("stores")
class StoresReadiness implements AsyncHealthCheck {
    private final StoreHealth states;

    StoresReadiness(StoreHealth states) {
        this.states = states;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom().completionStage(states::current).map(StoresReadiness::response);
    }

    private static HealthCheckResponse response(StoreHealth.State state) {
        return HealthCheckResponse.named("stores")
                .status(state.isGood())
                .withData("registry", state.registry().isEmpty() ? "reached" : state.registry())
                .withData("backup", state.backup().isEmpty() ? "reached" : state.backup())
                .withData("backup-versioning", state.versioned() ? "on" : "off: no earlier state can be restored")
                .build();
    }
}
