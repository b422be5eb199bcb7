package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.Manifests.State;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Writes revision links one by one, those of an index's children first, and none above anything that the target lacks, by
 * the grades of {@link dev.registrybackup.inventory.Wholeness}. Blocks; safe for use by many threads.
 */
final class RevisionRestoring {
    private static final int MOST_NAMED = 5;

    private final Manifests manifests;
    private final BlobsInTarget blobs;
    private final LinkWriting writing;
    private final Predicate<RevisionLink> isInBackup;
    private final Meter meter;
    private final Set<RevisionLink> withheld = ConcurrentHashMap.newKeySet();
    /** Lately written, children ahead of their turn among them. */
    private final Set<RevisionLink> written = Collections.synchronizedSet(Collections.newSetFromMap(new Latest<>()));

    /**
     * Writes them.
     *
     * @param isInBackup whether a child that the backup lacks was pushed into the repository, so that it is lost
     */
    RevisionRestoring(
            Manifests manifests,
            BlobsInTarget blobs,
            LinkWriting writing,
            Predicate<RevisionLink> isInBackup,
            Meter meter) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.writing = writing;
        this.isInBackup = isInBackup;
        this.meter = meter;
    }

    /** Writes it, after those of its children; whether it could be. */
    boolean restore(RevisionLink path) {
        return known(path).orElseGet(() -> restore(path, manifests.read(path.digest())));
    }

    private Optional<Boolean> known(RevisionLink path) {
        if (withheld.contains(path)) {
            return Optional.of(false);
        }
        return written.contains(path) ? Optional.of(true) : Optional.empty();
    }

    private boolean restore(RevisionLink path, Reading reading) {
        List<Digest> missing = new ArrayList<>();
        if (!reading.isGood() || !blobs.has(path.digest())) {
            missing.add(path.digest());
        }
        for (Descriptor reference : reading.manifest().references()) {
            if (!isThere(path, reference)) {
                missing.add(reference.digest());
            }
        }
        if (missing.isEmpty()) {
            writing.put(path, path.digest());
            if (written.add(path)) {
                writing.count(path.digest());
            }
        } else {
            withhold(path, missing);
        }
        return missing.isEmpty();
    }

    private boolean isThere(RevisionLink parent, Descriptor reference) {
        return switch (reference.role()) {
            case BLOB -> blobs.has(reference.digest());
            case FOREIGN_LAYER -> true;
            case MANIFEST -> isChildThere(parent, new RevisionLink(parent.repository(), reference.digest()));
        };
    }

    private boolean isChildThere(RevisionLink parent, RevisionLink child) {
        return known(child).orElseGet(() -> bringChild(parent, child));
    }

    private boolean bringChild(RevisionLink parent, RevisionLink child) {
        Reading reading = manifests.read(child.digest());
        if (reading.state() == State.ABSENT && !isInBackup.test(child)) {
            meter.found(new Finding(
                    FindingCode.INDEX_SPARSE, name(parent), "lacks %s, as an index may".formatted(child.digest())));
            return true;
        }
        return restore(child, reading);
    }

    private void withhold(RevisionLink path, List<Digest> missing) {
        if (withheld.add(path)) {
            meter.found(new Finding(
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
        Ends ends = writing.ends();
        return known(path)
                .orElseGet(() -> ends.target().find(ends.targetKey(path)).isPresent());
    }

    boolean hasWithheld() {
        return !withheld.isEmpty();
    }
}
