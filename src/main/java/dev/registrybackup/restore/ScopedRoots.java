package dev.registrybackup.restore;

import dev.registrybackup.finding.Finding;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.transfer.Lanes;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** The roots that a request asks for, with what refers to them if it asks for that too. */
record ScopedRoots(RestoreRequest request, Links links, RegistryLayout layout, Lanes lanes) {
    Collection<Roots> read(Manifests manifests, Consumer<Finding> findings) {
        Scope scope = request.scope();
        if (scope instanceof Scope.Blob) {
            return List.of();
        }
        RootReader reader = new RootReader(links, layout, lanes, findings);
        Collection<Roots> found = reader.read(scope);
        boolean image = scope instanceof Scope.Image || scope instanceof Scope.TaggedImage;
        if (request.referrers() && image) {
            for (Roots roots : found) {
                for (Roots all : reader.read(new Scope.Repository(roots.repository()))) {
                    new Referrers(all, manifests.closure(all.revisions())).addTo(roots);
                }
            }
        }
        return found;
    }
}
