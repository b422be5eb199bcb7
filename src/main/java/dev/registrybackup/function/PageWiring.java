package dev.registrybackup.function;

import dev.registrybackup.page.Pages;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.transfer.Lanes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;

/** Builds the page, with the first request for it. */
@Singleton
class PageWiring {
    @Produces
    @Singleton
    Pages pages(
            Sides sides,
            OnDemand onDemand,
            PageConfiguration page,
            RestoreSettings settings,
            Lanes lanes,
            Clock clock) {
        return new Pages(
                sides.backup(), new PageAnswers(onDemand), page.restoreUrl(), settings.isOpenShift(), lanes, clock);
    }
}
