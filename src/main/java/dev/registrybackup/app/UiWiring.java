package dev.registrybackup.app;

import dev.registrybackup.app.config.RestoreSettings;
import dev.registrybackup.app.config.UiConfiguration;
import dev.registrybackup.app.ui.Pages;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.reconcile.StorePair;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;

/** Builds the page, with the first request for it. */
@Singleton
class UiWiring {
    @Produces
    @Singleton
    Pages pages(
            StorePair storePair,
            OnDemandOperations onDemandOperations,
            UiConfiguration page,
            RestoreSettings settings,
            WorkerPools workerPools,
            Clock clock) {
        return new Pages(
                storePair.backup(),
                new OperationsUiBackend(onDemandOperations),
                page.restoreUrl(),
                settings.isOpenShift(),
                workerPools,
                clock);
    }
}
