package dev.registrybackup.restore;

import dev.registrybackup.inventory.ChildrenFirst;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
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
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes revision links one by one, those of an index's children first, and none above anything that the target lacks, by
 * the grades of {@link dev.registrybackup.inventory.ImageCompleteness}. Blocks; safe for use by many threads.
 */
final class ManifestRestorer {
    private static final int MOST_NAMED = 5;

    private final Manifests manifests;
    private final BlobsInTarget blobRestorer;
    private final LinkWriter linkWriter;
    private final Predicate<RevisionLink> isInBackup;
    private final ProgressTracker progressTracker;
    private final Set<RevisionLink> blocked = ConcurrentHashMap.newKeySet();
    /** Lately written, children ahead of their turn among them. */
    private final Set<RevisionLink> recentlyWritten =
            Collections.synchronizedSet(Collections.newSetFromMap(new Latest<>()));

    /**
     * Writes them.
     *
     * @param isInBackup whether a child that the backup lacks was pushed into the repository, so that it is lost
     */
    ManifestRestorer(
            Manifests manifests,
            BlobsInTarget blobs,
            LinkWriter writing,
            Predicate<RevisionLink> isInBackup,
            ProgressTracker progressTracker) {
        this.manifests = manifests;
        this.blobRestorer = blobs;
        this.linkWriter = writing;
        this.isInBackup = isInBackup;
        this.progressTracker = progressTracker;
    }

    /** Writes it, after those of its children; whether it could be. */
    boolean restore(RevisionLink path) {
        return known(path).orElseGet(() -> restoreWithChildren(path));
    }

    private boolean restoreWithChildren(RevisionLink path) {
        Map<Digest, LoadedManifest> readings = new HashMap<>();
        Map<Digest, Boolean> isThere = new HashMap<>();
        List<Digest> order = ChildrenFirst.order(List.of(path.digest()), digest -> {
            LoadedManifest loadedManifest = manifests.read(digest);
            readings.put(digest, loadedManifest);
            return children(loadedManifest).stream()
                    .filter(child -> {
                        Optional<Boolean> known = known(new RevisionLink(path.repository(), child));
                        known.ifPresent(there -> isThere.put(child, there));
                        return known.isEmpty();
                    })
                    .toList();
        });
        for (Digest digest : order) {
            RevisionLink link = new RevisionLink(path.repository(), digest);
            LoadedManifest loadedManifest = Objects.requireNonNull(readings.get(digest));
            boolean isSparse =
                    loadedManifest.state() == ManifestState.MISSING && !link.equals(path) && !isInBackup.test(link);
            if (!isSparse) {
                isThere.put(digest, restore(link, loadedManifest, isThere));
            }
        }
        return Boolean.TRUE.equals(isThere.get(path.digest()));
    }

    private static List<Digest> children(LoadedManifest loadedManifest) {
        return loadedManifest.manifest().references().stream()
                .filter(reference -> reference.role() == Role.MANIFEST)
                .map(Descriptor::digest)
                .toList();
    }

    private Optional<Boolean> known(RevisionLink path) {
        if (blocked.contains(path)) {
            return Optional.of(false);
        }
        return recentlyWritten.contains(path) ? Optional.of(true) : Optional.empty();
    }

    private boolean restore(RevisionLink path, LoadedManifest loadedManifest, Map<Digest, Boolean> children) {
        List<Digest> missing = new ArrayList<>();
        if (!loadedManifest.isVerified() || !blobRestorer.has(path.digest())) {
            missing.add(path.digest());
        }
        for (Descriptor reference : loadedManifest.manifest().references()) {
            if (!isThere(path, reference, children)) {
                missing.add(reference.digest());
            }
        }
        if (missing.isEmpty()) {
            linkWriter.put(path, path.digest());
            if (recentlyWritten.add(path)) {
                linkWriter.count(path.digest());
            }
        } else {
            block(path, missing);
        }
        return missing.isEmpty();
    }

    private boolean isThere(RevisionLink parent, Descriptor reference, Map<Digest, Boolean> children) {
        return switch (reference.role()) {
            case BLOB -> blobRestorer.has(reference.digest());
            case FOREIGN_LAYER -> true;
            case MANIFEST -> isChildThere(parent, reference.digest(), children);
        };
    }

    private boolean isChildThere(RevisionLink parent, Digest child, Map<Digest, Boolean> children) {
        @Nullable Boolean isThere = children.get(child);
        if (isThere == null) {
            progressTracker.addFinding(
                    new Finding(FindingCode.INDEX_SPARSE, name(parent), "lacks %s, as an index may".formatted(child)));
        }
        return isThere == null || isThere;
    }

    private void block(RevisionLink path, List<Digest> missing) {
        if (blocked.add(path)) {
            progressTracker.addFinding(new Finding(
                    FindingCode.BLOB_MISSING,
                    name(path),
                    "not written, since these could not be brought: "
                            + missing.stream().limit(MOST_NAMED).toList()));
        }
    }

    private static String name(RevisionLink path) {
        return path.repository() + "@" + path.digest();
    }

    /** Whether the target has the link: written here, or there before. */
    boolean isInTarget(RevisionLink path) {
        RestoreEndpoints restoreEndpoints = linkWriter.restoreEndpoints();
        return known(path)
                .orElseGet(() -> restoreEndpoints
                        .target()
                        .head(restoreEndpoints.targetKey(path))
                        .isPresent());
    }

    boolean hasBlocked() {
        return !blocked.isEmpty();
    }
}
