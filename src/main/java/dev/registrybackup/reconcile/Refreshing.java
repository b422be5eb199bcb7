package dev.registrybackup.reconcile;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.reconcile.Figures.Count;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verifier;
import dev.registrybackup.verify.VerifyRequest;
import java.util.Optional;
import java.util.function.Consumer;

/** Says anew what the backup can restore, of those repositories that a run changed. */
final class Refreshing {
    private final Sides sides;
    private final Reconciliation.Tools tools;
    private final boolean isOpenShift;
    private final Permit permit;
    private final Meter meter;
    private final Consumer<Finding> found;

    Refreshing(
            Sides sides,
            Reconciliation.Tools tools,
            boolean isOpenShift,
            Permit permit,
            Meter meter,
            Consumer<Finding> found) {
        this.sides = sides;
        this.tools = tools;
        this.isOpenShift = isOpenShift;
        this.permit = permit;
        this.meter = meter;
        this.found = found;
    }

    /** Writes the catalog's documents anew: of all repositories if many were changed, or something was removed. */
    void refresh(Comparing comparing, Figures figures, boolean hasCatalog) {
        if (!hasCatalog || comparing.isManyRepositories() || figures.total(Count.REMOVED) > 0) {
            verify(new Scope.All());
        } else {
            comparing.repositories().forEach(name -> verify(new Scope.Repository(new RepositoryName(name))));
        }
    }

    private void verify(Scope scope) {
        Optional<Captures> captures =
                isOpenShift ? Optional.of(new Captures(sides.backup(), tools.scratch())) : Optional.empty();
        new Verifier(
                        sides.backup(),
                        sides.layout(),
                        tools.lanes(),
                        tools.pace(),
                        isOpenShift,
                        tools.clock(),
                        Optional.of(
                                new Catalog(sides.backup(), sides.layout(), tools.lanes(), tools.clock(), captures)),
                        captures)
                .run(
                        new VerifyRequest(VerifyRequest.BACKUP, scope, Depth.EXISTENCE, Optional.empty()),
                        permit,
                        meter,
                        found);
    }
}
