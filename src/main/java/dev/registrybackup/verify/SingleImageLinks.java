package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The links that one image needs, asked for one by one: of its repository the rest is not listed. */
final class SingleImageLinks {
    private final VerifyContext verifyContext;
    private final CurrentLinks currentLinks;
    private final LinkChecks linkChecks;

    SingleImageLinks(VerifyContext verifyContext, LinkChecks checks) {
        this.verifyContext = verifyContext;
        this.currentLinks = new CurrentLinks(verifyContext.store(), verifyContext.layout());
        this.linkChecks = checks;
    }

    /** Adds those of the manifests to which its tags point. */
    void addRevisions(RepositoryLinks repository) {
        Set<Link> wanted = new HashSet<>();
        for (Digest target : repository.tagTargets().values()) {
            wanted.add(new RevisionLink(repository.name(), target));
        }
        add(repository, wanted);
    }

    /** Adds those of all that its manifests refer to. */
    void addReferences(RepositoryLinks repository, Collection<LoadedManifest> manifests) {
        Set<Link> wanted = new HashSet<>();
        manifests.stream()
                .flatMap(loadedManifest -> loadedManifest.manifest().references().stream())
                .forEach(reference -> wanted.add(
                        reference.role() == Role.MANIFEST
                                ? new RevisionLink(repository.name(), reference.digest())
                                : new LayerLink(repository.name(), reference.digest())));
        add(repository, wanted);
    }

    private void add(RepositoryLinks repository, Set<Link> wanted) {
        List<ListedLink> found = new ArrayList<>();
        BoundedTaskGroup boundedTaskGroup =
                new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.CONCURRENCY);
        for (Link path : wanted) {
            boundedTaskGroup.submit(0, () -> find(path, found));
        }
        boundedTaskGroup.await();
        found.forEach(repository::add);
        linkChecks.check(repository, found);
    }

    private void find(Link path, List<ListedLink> found) {
        try {
            currentLinks.find(path).ifPresent(link -> {
                synchronized (found) {
                    found.add(link);
                }
            });
        } catch (ObjectStoreException e) {
            verifyContext.findingCollector().unknown(verifyContext.layout().keyOf(path), e);
        }
    }
}
