package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RepositoryName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Writes revision links one by one, those of an index's children first, and none above a blob that could not be brought.
 * Blocks; safe for use by many threads.
 */
final class RevisionRestoring {
    private final Manifests manifests;
    private final BlobRestoring blobs;
    private final LinkWriting writing;
    private final Predicate<RevisionLink> isInBackup;
    private final Meter meter;
    private final Set<RevisionLink> withheld = ConcurrentHashMap.newKeySet();
    /** Lately written, children ahead of their turn among them; forgotten, one is written again, which changes nothing. */
    private final Set<RevisionLink> written = Collections.synchronizedSet(Collections.newSetFromMap(new Latest()));

    private static final class Latest extends LinkedHashMap<RevisionLink, Boolean> {
        private static final long serialVersionUID = 1L;
        private static final int MOST = 100_000;

        @Override
        protected boolean removeEldestEntry(Map.Entry<RevisionLink, Boolean> eldest) {
            return size() > MOST;
        }
    }

    /**
     * Writes them.
     *
     * @param isInBackup whether a child was pushed into the repository too
     */
    RevisionRestoring(
            Manifests manifests,
            BlobRestoring blobs,
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
        if (written.contains(path)) {
            return true;
        }
        Reading reading = manifests.read(path.digest());
        boolean good = reading.isGood() && !blobs.hasFailed(path.digest());
        for (Descriptor reference : reading.manifest().references()) {
            good &= !blobs.hasFailed(reference.digest());
            RevisionLink child = new RevisionLink(path.repository(), reference.digest());
            if (reference.role() == Descriptor.Role.MANIFEST && isInBackup.test(child)) {
                good &= restore(child);
            }
        }
        if (good) {
            writing.put(path, path.digest());
            if (written.add(path)) {
                writing.count(path.digest());
            }
        } else {
            withhold(path);
        }
        return good;
    }

    private void withhold(RevisionLink path) {
        if (withheld.add(path)) {
            meter.found(new Finding(
                    FindingCode.BLOB_MISSING,
                    path.repository() + "@" + path.digest(),
                    "not written, since something it needs could not be brought"));
        }
    }

    /** Whether that image of the repository had to be left out. */
    boolean isWithheld(RepositoryName repository, Digest digest) {
        return withheld.contains(new RevisionLink(repository, digest));
    }

    boolean hasWithheld() {
        return !withheld.isEmpty();
    }
}
