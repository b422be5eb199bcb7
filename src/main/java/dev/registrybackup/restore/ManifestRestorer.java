package dev.registrybackup.restore;

import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ImageCompleteness.MissingContent;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Manifest;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes revision links one by one, those of an index's children first, and none whose content is missing from the
 * target, as {@link ImageCompleteness} says. Blocks; safe for use by many threads.
 */
final class ManifestRestorer {
    private static final int MAX_LISTED = 5;
    /** Stands for a child whose link this restore has written, so that it is not read again. */
    private static final LoadedManifest WRITTEN = new LoadedManifest(ManifestState.NOT_A_MANIFEST, Manifest.EMPTY, 0);
    /** Stands for a child whose link this restore did not write. */
    private static final LoadedManifest BLOCKED = new LoadedManifest(ManifestState.CORRUPT, Manifest.EMPTY, 0);

    private final RestoreContext context;
    private final Manifests manifests;
    private final BlobRestorer blobs;
    private final LinkRestorer links;
    private final Set<RevisionLink> blocked = ConcurrentHashMap.newKeySet();
    /** The latest links written, including children written before their turn. */
    private final Set<RevisionLink> recentlyWritten =
            Collections.synchronizedSet(Collections.newSetFromMap(new BoundedMap<>()));

    ManifestRestorer(RestoreContext context, BlobRestorer blobs, LinkRestorer links) {
        this.context = context;
        this.manifests = context.manifests();
        this.blobs = blobs;
        this.links = links;
    }

    /** Writes the revision link after those of its children; returns whether it succeeded. */
    boolean restore(RevisionLink path) {
        return known(path).orElseGet(() -> restoreWithChildren(path));
    }

    private boolean restoreWithChildren(RevisionLink path) {
        Map<Digest, LoadedManifest> loaded = new HashMap<>();
        Set<Digest> order = ManifestGraph.childrenFirst(List.of(path.digest()), digest -> {
            LoadedManifest manifest = known(new RevisionLink(path.repository(), digest))
                    .map(isWritten -> isWritten ? WRITTEN : BLOCKED)
                    .orElseGet(() -> manifests.read(digest));
            loaded.put(digest, manifest);
            return manifest.children();
        });
        // A child missing from the backup is lost if it was pushed into the repository; otherwise an index may be
        // sparse.
        ImageCompleteness completeness = new ImageCompleteness(
                new ManifestGraph(loaded),
                blobs::isInTarget,
                child -> isInBackup(new RevisionLink(path.repository(), child)));
        for (Digest digest : order) {
            RevisionLink link = new RevisionLink(path.repository(), digest);
            LoadedManifest manifest = Objects.requireNonNull(loaded.get(digest));
            boolean isMissingChild = manifest.state() == ManifestState.MISSING && !link.equals(path);
            if (known(link).isEmpty() && !isMissingChild) {
                write(link, completeness.of(digest));
            }
        }
        return completeness.of(path.digest()).isComplete();
    }

    private boolean isInBackup(RevisionLink path) {
        return context.backup()
                .store()
                .headBeforeWrite(context.backup().key(path))
                .isPresent();
    }

    private Optional<Boolean> known(RevisionLink path) {
        if (blocked.contains(path)) {
            return Optional.of(false);
        }
        return recentlyWritten.contains(path) ? Optional.of(true) : Optional.empty();
    }

    private void write(RevisionLink path, MissingContent content) {
        content.sparse()
                .forEach(child -> report(
                        FindingCode.INDEX_SPARSE, path, "%s is missing, which an index allows".formatted(child)));
        if (content.isComplete()) {
            links.put(path, path.digest());
            if (recentlyWritten.add(path)) {
                links.count(path.digest());
            }
        } else if (blocked.add(path)) {
            report(
                    FindingCode.BLOB_MISSING,
                    path,
                    "not written, because these could not be copied: "
                            + content.missing().stream().limit(MAX_LISTED).toList());
        }
    }

    private void report(FindingCode code, RevisionLink path, String problem) {
        context.operation().report(new Finding(code, path.repository() + "@" + path.digest(), problem));
    }

    /** Whether the target has the link: written by this restore, or before it. */
    boolean isInTarget(RevisionLink path) {
        return known(path)
                .orElseGet(() -> context.target()
                        .store()
                        .head(context.target().key(path))
                        .isPresent());
    }

    /** Whether writing any revision link failed. */
    boolean hasBlocked() {
        return !blocked.isEmpty();
    }
}
