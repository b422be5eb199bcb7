package dev.registrybackup.function;

import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.rclone.Archive;
import dev.registrybackup.rclone.Comparer;
import dev.registrybackup.rclone.Rclone;
import dev.registrybackup.rclone.Remote;
import dev.registrybackup.reconcile.Copying;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.reconcile.Sides;
import dev.registrybackup.replicate.ForeignObjects;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.transfer.PacedStore;
import dev.registrybackup.transfer.RecentlyDurable;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;

/** Builds what reconciles, from the settings. */
@Singleton
class ReconcileWiring {
    private final Sides sides;
    private final Settings settings;
    private final RestoreSettings restoreSettings;
    private final ReconcileSettings reconcileSettings;
    private final OpenShiftWiring openShift;
    private final Lanes lanes;
    private final Clock clock;

    ReconcileWiring(
            Sides sides,
            Settings settings,
            RestoreSettings restoreSettings,
            ReconcileSettings reconcileSettings,
            OpenShiftWiring openShift,
            Lanes lanes,
            Clock clock) {
        this.sides = sides;
        this.settings = settings;
        this.restoreSettings = restoreSettings;
        this.reconcileSettings = reconcileSettings;
        this.openShift = openShift;
        this.lanes = lanes;
        this.clock = clock;
    }

    @Produces
    @Singleton
    Reconciliation reconciliation(Pace pace) {
        return new Reconciliation(
                sides,
                new Reconciliation.Tools(
                        this::rclone,
                        this::copying,
                        openShift.snapshots(),
                        archive(),
                        lanes,
                        pace,
                        clock,
                        reconcileSettings.scratch()),
                reconcileSettings.policy(),
                restoreSettings.isOpenShift());
    }

    private Comparer rclone(Path scratch) {
        PlaceSettings registry = settings.registryPlace();
        return Rclone.start(
                reconcileSettings.rclone(),
                new Remote("registry", registry.bucket(), registry.directory()),
                backup(),
                scratch);
    }

    private Remote backup() {
        return new Remote("backup", Optional.of(settings.backupStore()), Optional.empty());
    }

    private Optional<Function<Path, Archive>> archive() {
        return reconcileSettings
                .archive()
                .map(place -> scratch -> Archive.start(reconcileSettings.rclone(), backup(), place, scratch));
    }

    /** The copier of events, with a memory of its own, and at the pace of bulk work. */
    private Copying copying(Sides stores, Pace pace) {
        ObjectStore from = new PacedStore(stores.registry(), pace);
        ObjectStore to = new PacedStore(stores.backup(), pace);
        RecentlyDurable durable = new RecentlyDurable(clock, Wiring.REMEMBERED, Wiring.MOST_REMEMBERED);
        AdoptedMark adopted = new AdoptedMark(to, stores.layout(), clock);
        Blobs blobs = new Blobs(stores.layout(), from, to, adopted, lanes, durable);
        OpenLinks openLinks = new OpenLinks(to, clock);
        openLinks.refresh();
        ForeignObjects foreign = new ForeignObjects(from, to, lanes, settings.copiesForeign());
        Replicator replicator = new Replicator(
                new Replicator.Parts(stores.layout(), from, to, blobs, foreign, openLinks, durable, lanes),
                (link, again) -> {});
        return new Copying(replicator, blobs, adopted, durable, openLinks);
    }
}
