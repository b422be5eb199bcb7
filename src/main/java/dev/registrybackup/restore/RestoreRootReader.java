package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Finds the roots of a scope among the links of a backup. */
final class RestoreRootReader {
    private static final int CONCURRENCY = 32;

    private final Links links;
    private final RegistryLayout layout;
    private final WorkerPools workerPools;
    private final Consumer<Finding> findings;

    RestoreRootReader(Links links, RegistryLayout layout, WorkerPools workerPools, Consumer<Finding> findings) {
        this.links = links;
        this.layout = layout;
        this.workerPools = workerPools;
        this.findings = findings;
    }

    /** The scope's roots, by repository. */
    Collection<RestoreRoots> read(Scope scope) {
        Map<RepositoryName, RestoreRoots> found = new LinkedHashMap<>();
        List<ListedLink> tags = new ArrayList<>();
        try (Stream<ListedLink> listing =
                links.list(scope.linkPrefix(layout), path -> scope.covers(path) && path.kind() != Kind.LAYER_LINK)) {
            listing.forEach(link -> {
                RestoreRoots restoreRoots = found.computeIfAbsent(link.path().repository(), RestoreRoots::new);
                reportIfApproximate(link);
                switch (link.path().kind()) {
                    case REVISION_LINK -> restoreRoots.addRevision(((RevisionLink) link.path()).digest());
                    case TAG_INDEX_LINK -> restoreRoots.addHistory((TagIndexLink) link.path());
                    case TAG_CURRENT_LINK -> tags.add(link);
                    case LAYER_LINK, BLOB, UPLOAD, UNKNOWN, EXCLUDED -> {}
                }
            });
        }
        readTags(tags, found);
        return found.values();
    }

    private void reportIfApproximate(ListedLink link) {
        if (link.isApproximate()) {
            findings.accept(new Finding(
                    FindingCode.TIME_APPROXIMATE,
                    link.key(),
                    "the copy does not say when the registry wrote it, so its own time was taken: "
                            + link.writtenAt()));
        }
    }

    private void readTags(List<ListedLink> tags, Map<RepositoryName, RestoreRoots> found) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (ListedLink link : tags) {
            boundedTaskGroup.submit(
                    0,
                    () -> readTarget(link).ifPresent(digest -> {
                        TagCurrentLink path = (TagCurrentLink) link.path();
                        synchronized (found) {
                            found.computeIfAbsent(path.repository(), RestoreRoots::new)
                                    .addTag(path.tag(), digest);
                        }
                    }));
        }
        boundedTaskGroup.await();
    }

    private Optional<Digest> readTarget(ListedLink link) {
        try {
            return Optional.of(links.target(link));
        } catch (MalformedLinkException e) {
            synchronized (findings) {
                findings.accept(new Finding(FindingCode.LINK_MALFORMED, link.key(), e.getMessage() + ": left out"));
            }
            return Optional.empty();
        }
    }
}
