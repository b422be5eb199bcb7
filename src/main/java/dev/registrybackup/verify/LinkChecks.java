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
    private final CurrentLinks present;

    LinkChecks(VerifyContext verifyContext) {
        this.verifyContext = verifyContext;
        this.present = new CurrentLinks(verifyContext.store(), verifyContext.layout());
    }

    /** Checks all links of these. */
    void check(List<RepositoryLinks> repositories) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.AT_ONCE);
        for (RepositoryLinks repository : repositories) {
            repository.all().forEach(link -> check(boundedTaskGroup, repository, link));
        }
        boundedTaskGroup.await();
    }

    /** Checks some links of one. */
    void check(RepositoryLinks repository, Collection<ListedLink> links) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.AT_ONCE);
        links.forEach(link -> check(boundedTaskGroup, repository, link));
        boundedTaskGroup.await();
    }

    private void check(BoundedTaskGroup boundedTaskGroup, RepositoryLinks repository, ListedLink link) {
        verifyContext.findingCollector().looked(1);
        if (link.size() == 0) {
            verifyContext
                    .findingCollector()
                    .found(FindingCode.LINK_EMPTY, link.key(), "This link is empty" + consequence());
            return;
        }
        Optional<Digest> proved = proved(repository, link);
        if (proved.isPresent()) {
            repository.says(link, proved.get());
        } else {
            boundedTaskGroup.submit(0, () -> read(repository, link, true));
        }
    }

    private static Optional<Digest> proved(RepositoryLinks repository, ListedLink link) {
        return link.path() instanceof TagCurrentLink current
                ? repository.listedTarget(current.tag())
                : link.targetByPath().filter(link::certainlySays);
    }

    private void read(RepositoryLinks repository, ListedLink link, boolean again) {
        try {
            Digest says = present.read(link);
            if (mayStandAt(link.path(), says)) {
                repository.says(link, says);
            } else {
                malformed(link, "it says " + says);
            }
        } catch (MalformedLinkException e) {
            malformed(link, String.valueOf(e.getMessage()));
        } catch (ObjectStoreException e) {
            failed(repository, link, again, e);
        }
    }

    /** A link of sha512 names the sha256 under which the blob is kept. */
    private static boolean mayStandAt(Link path, Digest says) {
        return !(path instanceof DigestLink link)
                || link.digest().equals(says)
                || (link.digest().algorithm() != DigestAlgorithm.SHA256 && says.algorithm() == DigestAlgorithm.SHA256);
    }

    private void malformed(ListedLink link, String how) {
        verifyContext
                .findingCollector()
                .found(
                        FindingCode.LINK_MALFORMED,
                        link.key(),
                        "This link does not say what it has to (%s)".formatted(how) + consequence());
    }

    /** A tag may move, and any link be deleted, while it is looked at. */
    private void failed(RepositoryLinks repository, ListedLink link, boolean again, ObjectStoreException failure) {
        try {
            if (failure.error() == StoreError.CHANGED && again) {
                present.find(link.path()).ifPresent(moved -> read(repository, moved, false));
            } else if (failure.error() != StoreError.NOT_FOUND) {
                verifyContext.findingCollector().untold(link.key(), failure);
            }
        } catch (ObjectStoreException e) {
            verifyContext.findingCollector().untold(link.key(), e);
        }
    }

    private String consequence() {
        return ": a registry answers 500 for it, and garbage collection stops; " + verifyContext.remedy();
    }
}
