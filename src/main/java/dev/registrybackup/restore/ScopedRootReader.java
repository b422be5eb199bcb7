package dev.registrybackup.restore;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** The roots that a request asks for, with what refers to them if it asks for that too. */
record ScopedRootReader(RestoreRequest request, Links links, RegistryLayout layout, WorkerPools workerPools) {
    Collection<RestoreRoots> read(Manifests manifests, Consumer<Finding> findings) {
        Scope scope = request.scope();
        if (scope instanceof Scope.Blob) {
            return List.of();
        }
        RestoreRootReader reader = new RestoreRootReader(links, layout, workerPools, findings);
        Collection<RestoreRoots> found = reader.read(scope);
        boolean image = scope instanceof Scope.Image || scope instanceof Scope.TaggedImage;
        if (request.referrers() && image) {
            for (RestoreRoots restoreRoots : found) {
                for (RestoreRoots all : reader.read(new Scope.Repository(restoreRoots.repository()))) {
                    new Referrers(all, manifests.closure(all.revisions())).addTo(restoreRoots);
                }
            }
        }
        return found;
    }
}
