package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Whether links say what they have to. Reads only those whose listing does not prove it. */
final class LinkChecks {
    private final VerifyContext verifyContext;
    private final CurrentLinks currentLinks;

    LinkChecks(VerifyContext verifyContext) {
        this.verifyContext = verifyContext;
        this.currentLinks = new CurrentLinks(verifyContext.store(), verifyContext.layout());
    }

    /** Checks all links of these. */
    void check(List<RepositoryLinks> repositories) {
        BoundedTaskGroup boundedTaskGroup =
                new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.CONCURRENCY);
        for (RepositoryLinks repository : repositories) {
            repository.all().forEach(link -> check(boundedTaskGroup, repository, link));
        }
        boundedTaskGroup.await();
    }

    /** Checks some links of one. */
    void check(RepositoryLinks repository, Collection<ListedLink> links) {
        BoundedTaskGroup boundedTaskGroup =
                new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.CONCURRENCY);
        links.forEach(link -> check(boundedTaskGroup, repository, link));
        boundedTaskGroup.await();
    }

    private void check(BoundedTaskGroup boundedTaskGroup, RepositoryLinks repository, ListedLink link) {
        verifyContext.findingCollector().addObjects(1);
        if (link.size() == 0) {
            verifyContext
                    .findingCollector()
                    .add(FindingCode.LINK_EMPTY, link.key(), "This link is empty" + consequence());
            return;
        }
        Optional<Digest> proved = targetFromListing(repository, link);
        if (proved.isPresent()) {
            repository.recordTarget(link, proved.get());
        } else {
            boundedTaskGroup.submit(0, () -> read(repository, link, true));
        }
    }

    private static Optional<Digest> targetFromListing(RepositoryLinks repository, ListedLink link) {
        return link.path() instanceof TagCurrentLink current
                ? repository.provableTarget(current.tag())
                : link.targetByPath().filter(link::provablyPointsTo);
    }

    private void read(RepositoryLinks repository, ListedLink link, boolean again) {
        try {
            Digest says = currentLinks.readTarget(link);
            if (isValidTarget(link.path(), says)) {
                repository.recordTarget(link, says);
            } else {
                reportMalformed(link, "it says " + says);
            }
        } catch (MalformedLinkException e) {
            reportMalformed(link, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            handleFailure(repository, link, again, e);
        }
    }

    /** A link of sha512 names the sha256 under which the blob is kept. */
    private static boolean isValidTarget(Link path, Digest says) {
        return !(path instanceof DigestLink link)
                || link.digest().equals(says)
                || (link.digest().algorithm() != DigestAlgorithm.SHA256 && says.algorithm() == DigestAlgorithm.SHA256);
    }

    private void reportMalformed(ListedLink link, String how) {
        verifyContext
                .findingCollector()
                .add(
                        FindingCode.LINK_MALFORMED,
                        link.key(),
                        "This link does not say what it has to (%s)".formatted(how) + consequence());
    }

    /** A tag may move, and any link be deleted, while it is looked at. */
    private void handleFailure(
            RepositoryLinks repository, ListedLink link, boolean again, ObjectStoreException failure) {
        try {
            if (failure.error() == StoreError.PRECONDITION_FAILED && again) {
                currentLinks.find(link.path()).ifPresent(moved -> read(repository, moved, false));
            } else if (failure.error() != StoreError.NOT_FOUND) {
                verifyContext.findingCollector().unknown(link.key(), failure);
            }
        } catch (ObjectStoreException e) {
            verifyContext.findingCollector().unknown(link.key(), e);
        }
    }

    private String consequence() {
        return ": a registry answers 500 for it, and garbage collection stops; " + verifyContext.remedy();
    }
}
