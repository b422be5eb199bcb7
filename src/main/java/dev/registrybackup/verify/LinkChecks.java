package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks the content of links. Reads only links whose listing does not show that it is right. */
final class LinkChecks {
    private final VerifyContext context;
    private final CurrentLinks currentLinks;

    LinkChecks(VerifyContext context) {
        this.context = context;
        this.currentLinks = new CurrentLinks(context.store());
    }

    /** Checks all links of these repositories. */
    void check(List<RepositoryLinks> repositories) {
        BoundedTaskGroup tasks = context.tasks();
        for (RepositoryLinks repository : repositories) {
            repository.all().forEach(link -> check(tasks, repository, link));
        }
        tasks.await();
    }

    /** For a scope of one image: adds the links of the manifests to which its tags point, and checks them. */
    void addRevisions(RepositoryLinks repository) {
        add(
                repository,
                repository.tagTargets().values().stream().map(target -> new RevisionLink(repository.name(), target)));
    }

    /** For a scope of one image: adds the links of everything that its manifests refer to, and checks them. */
    void addReferences(RepositoryLinks repository, ManifestGraph manifests) {
        Stream<Link> children = manifests.manifests().values().stream()
                .flatMap(manifest -> manifest.children().stream())
                .map(child -> new RevisionLink(repository.name(), child));
        Stream<Link> layers = manifests.blobs().map(blob -> new LayerLink(repository.name(), blob.digest()));
        add(repository, Stream.concat(children, layers));
    }

    /** One request for each link, because the repository is not listed. */
    private void add(RepositoryLinks repository, Stream<? extends Link> paths) {
        Set<Link> wanted = paths.collect(Collectors.toSet());
        List<ListedLink> found = new ArrayList<>();
        BoundedTaskGroup finding = context.tasks();
        wanted.forEach(path -> finding.submit(0, () -> find(path, found)));
        finding.await();
        found.forEach(repository::add);
        BoundedTaskGroup checking = context.tasks();
        found.forEach(link -> check(checking, repository, link));
        checking.await();
    }

    private void find(Link path, List<ListedLink> found) {
        try {
            currentLinks.find(path).ifPresent(link -> {
                synchronized (found) {
                    found.add(link);
                }
            });
        } catch (ObjectStoreException e) {
            context.reportUnknown(context.store().key(path), e);
        }
    }

    private void check(BoundedTaskGroup tasks, RepositoryLinks repository, ListedLink link) {
        context.addObject();
        if (link.objectRef().size() == 0) {
            context.report(FindingCode.LINK_EMPTY, link.key(), "This link is empty" + consequence());
            return;
        }
        Optional<Digest> provable = repository.provableTarget(link);
        if (provable.isPresent()) {
            repository.recordTarget(link, provable.get());
        } else {
            tasks.submit(0, () -> read(repository, link, true));
        }
    }

    private void read(RepositoryLinks repository, ListedLink link, boolean again) {
        try {
            Digest target = currentLinks.readTarget(link);
            if (isValidTarget(link.path(), target)) {
                repository.recordTarget(link, target);
            } else {
                reportMalformed(link, "it contains " + target);
            }
        } catch (MalformedLinkException e) {
            reportMalformed(link, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            handleFailure(repository, link, again, e);
        }
    }

    /** A sha512 link contains the sha256 digest under which the blob is stored. */
    private static boolean isValidTarget(Link path, Digest target) {
        return !(path instanceof DigestLink link)
                || link.digest().equals(target)
                || (link.digest().algorithm() != DigestAlgorithm.SHA256
                        && target.algorithm() == DigestAlgorithm.SHA256);
    }

    private void reportMalformed(ListedLink link, String how) {
        context.report(
                FindingCode.LINK_MALFORMED,
                link.key(),
                "This link does not have the right content (%s)".formatted(how) + consequence());
    }

    private String consequence() {
        return ": a registry answers 500 for it, and garbage collection stops; " + context.remedy();
    }

    /** A tag may move, and any link may be deleted, while it is checked. */
    private void handleFailure(
            RepositoryLinks repository, ListedLink link, boolean again, ObjectStoreException failure) {
        try {
            if (failure.error() == StoreError.PRECONDITION_FAILED && again) {
                currentLinks.find(link.path()).ifPresent(moved -> read(repository, moved, false));
            } else if (failure.error() != StoreError.NOT_FOUND) {
                context.reportUnknown(link.key(), failure);
            }
        } catch (ObjectStoreException e) {
            context.reportUnknown(link.key(), e);
        }
    }
}
