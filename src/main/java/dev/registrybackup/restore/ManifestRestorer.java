package dev.registrybackup.restore;

import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.ArrayList;
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
 * target, by the rules of {@link dev.registrybackup.inventory.ImageCompleteness}. Blocks; safe for use by many threads.
 */
final class ManifestRestorer {
    private static final int MAX_LISTED = 5;

    private final RestoreContext context;
    private final Manifests manifests;
    private final BlobRestorer blobs;
    private final LinkRestorer links;
    private final Set<RevisionLink> blocked = ConcurrentHashMap.newKeySet();
    /** The latest links written, including children written before their turn. */
    private final Set<RevisionLink> recentlyWritten =
            Collections.synchronizedSet(Collections.newSetFromMap(new Latest<>()));

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
        Map<Digest, Boolean> isThere = new HashMap<>();
        List<Digest> order = ManifestGraph.childrenFirst(List.of(path.digest()), digest -> {
            LoadedManifest manifest = manifests.read(digest);
            loaded.put(digest, manifest);
            List<Digest> unknown = new ArrayList<>();
            for (Digest child : manifest.children()) {
                known(new RevisionLink(path.repository(), child))
                        .ifPresentOrElse(there -> isThere.put(child, there), () -> unknown.add(child));
            }
            return unknown;
        });
        for (Digest digest : order) {
            RevisionLink link = new RevisionLink(path.repository(), digest);
            LoadedManifest manifest = Objects.requireNonNull(loaded.get(digest));
            // A child missing from the backup is lost if it was pushed into the repository; otherwise an index may be
            // sparse.
            boolean isSparse = manifest.state() == ManifestState.MISSING && !link.equals(path) && !isInBackup(link);
            if (!isSparse) {
                isThere.put(digest, restore(link, manifest, isThere));
            }
        }
        return Boolean.TRUE.equals(isThere.get(path.digest()));
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

    private boolean restore(RevisionLink path, LoadedManifest manifest, Map<Digest, Boolean> isThere) {
        List<Digest> missing = new ArrayList<>();
        if (!manifest.isVerified() || !blobs.isInTarget(path.digest())) {
            missing.add(path.digest());
        }
        for (Descriptor reference : manifest.manifest().references()) {
            Digest digest = reference.digest();
            boolean isReferenceThere = switch (reference.role()) {
                case BLOB -> blobs.isInTarget(digest);
                case FOREIGN_LAYER -> true;
                case MANIFEST -> isChildThere(path, digest, isThere);
            };
            if (!isReferenceThere) {
                missing.add(digest);
            }
        }
        if (missing.isEmpty()) {
            links.put(path, path.digest());
            if (recentlyWritten.add(path)) {
                links.count(path.digest());
            }
        } else if (blocked.add(path)) {
            report(
                    FindingCode.BLOB_MISSING,
                    path,
                    "not written, because these could not be copied: "
                            + missing.stream().limit(MAX_LISTED).toList());
        }
        return missing.isEmpty();
    }

    private boolean isChildThere(RevisionLink index, Digest child, Map<Digest, Boolean> isThere) {
        Boolean known = isThere.get(child);
        if (known == null) {
            report(FindingCode.INDEX_SPARSE, index, "%s is missing, which an index allows".formatted(child));
        }
        return known == null || known;
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
