package dev.registrybackup.reconcile;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verifier;
import dev.registrybackup.verify.VerifyRequest;
import java.util.Optional;
import java.util.function.Consumer;

/** Says anew what the backup can restore, of those repositories that a run changed. */
final class CatalogPhase {
    private final StorePair storePair;
    private final Reconciliation.Tools tools;
    private final boolean isOpenShift;
    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final Consumer<Finding> findings;

    CatalogPhase(
            StorePair storePair,
            Reconciliation.Tools tools,
            boolean isOpenShift,
            Fence fence,
            ProgressTracker progressTracker,
            Consumer<Finding> found) {
        this.storePair = storePair;
        this.tools = tools;
        this.isOpenShift = isOpenShift;
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.findings = found;
    }

    /** Writes the catalog's documents anew: of all repositories if many were changed, or something was removed. */
    void refresh(DiffPhase diffPhase, ReconcileStats reconcileStats, boolean hasCatalog) {
        if (!hasCatalog || diffPhase.hasManyRepositories() || reconcileStats.total(Count.PRUNED) > 0) {
            verify(new Scope.All());
        } else {
            diffPhase.changedRepositories().forEach(name -> verify(new Scope.Repository(new RepositoryName(name))));
        }
    }

    private void verify(Scope scope) {
        Optional<CaptureReader> captures =
                isOpenShift ? Optional.of(new CaptureReader(storePair.backup(), tools.scratch())) : Optional.empty();
        RegistryStore backup = new RegistryStore(storePair.backup(), storePair.layout());
        new Verifier(
                        backup,
                        tools.workerPools(),
                        tools.rateLimiter(),
                        isOpenShift,
                        tools.clock(),
                        Optional.of(new Catalog(backup, tools.workerPools(), tools.clock(), captures)),
                        captures)
                .run(
                        new VerifyRequest(VerifyRequest.BACKUP, scope, Depth.EXISTENCE, Optional.empty()),
                        new OperationContext(fence, progressTracker).withFindingsTo(findings));
    }
}
