package dev.registrybackup.replication;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import java.util.Optional;
import java.util.Set;

/**
 * Publishes links in the backup. The dependencies that a link waits for are recorded before the link is published, and
 * their records are deleted only after it. Blocks; safe for use by many threads, but only one at a time may publish the
 * same link. Methods throw {@link dev.registrybackup.objectstore.ObjectStoreException} if a store failed.
 */
final class LinkPublisher {
    private final LinkStore linkStore;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durableKeys;

    LinkPublisher(LinkStore linkStore, BlockedLinks blockedLinks, ExpiringKeySet durableKeys) {
        this.linkStore = linkStore;
        this.blockedLinks = blockedLinks;
        this.durableKeys = durableKeys;
    }

    /** Whether the link was recently published with all dependencies, so that no request is needed. */
    boolean isDurable(String key) {
        return durableKeys.contains(key) && !blockedLinks.isWaiting(key);
    }

    /** Reads the link from the registry; empty if it is missing there. */
    Optional<StoredLink> read(String key) {
        return linkStore.read(key);
    }

    /** The result for a link that is missing in the registry. It no longer waits for any dependency. */
    ReplicationResult sourceMissing(Kind kind, String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(kind, ReplicationStatus.SOURCE_MISSING);
    }

    /**
     * Publishes a layer link whose blob is in the backup, without reading the registry's link: its path determines its
     * content.
     *
     * @param isAbsent whether the link is known to be missing in the backup
     */
    ReplicationResult publishUnread(LayerLink link, String key, boolean isAbsent) {
        boolean wrote = linkStore.publishUnread(key, link, isAbsent);
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return new ReplicationResult(
                link.kind(),
                wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                Optional.of(link.digest()),
                wrote ? LinkContent.of(link.digest()).length : 0,
                "");
    }

    /**
     * Publishes a link whose content never changes, unless a dependency is corrupt.
     *
     * @param isAbsent whether the link is known to be missing in the backup
     * @param dependencies whether the link's dependencies are in the backup
     */
    ReplicationResult publish(DigestLink link, StoredLink stored, boolean isAbsent, DependencyResult dependencies) {
        String key = stored.info().key();
        if (!dependencies.isComplete()) {
            blockedLinks.update(key, dependencies.recordedCauses());
        }
        if (dependencies.isCorrupt()) {
            return result(link.kind(), ReplicationStatus.BLOCKED, stored, dependencies, 0);
        }
        boolean wrote = linkStore.publishIfMissing(link, stored, isAbsent);
        if (!dependencies.isComplete()) {
            return result(link.kind(), ReplicationStatus.PARTIAL, stored, dependencies, 0);
        }
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return wrote
                ? result(link.kind(), ReplicationStatus.COPIED, stored, dependencies, stored.content().length)
                : result(link.kind(), ReplicationStatus.PRESENT, stored, dependencies, 0);
    }

    /**
     * The outcome of one attempt to publish a tag.
     *
     * @param result the result; empty if the registry's tag moved during the attempt
     * @param now the registry's tag after it moved; empty if it did not, or was deleted
     */
    record TagAttempt(Optional<ReplicationResult> result, Optional<StoredLink> now) {}

    /**
     * Publishes a tag, unless a dependency is corrupt. After a write, reads the registry's tag again.
     *
     * @param isAbsent whether the tag is known to be missing in the backup
     * @param hasMoved whether an earlier attempt wrote another target
     * @param dependencies whether the tag's dependencies are in the backup
     */
    TagAttempt publishTag(StoredLink stored, boolean isAbsent, boolean hasMoved, DependencyResult dependencies) {
        String key = stored.info().key();
        if (!dependencies.isComplete()) {
            blockedLinks.update(key, dependencies.recordedCauses());
        }
        if (dependencies.isCorrupt()) {
            return finished(result(Kind.TAG_CURRENT_LINK, ReplicationStatus.BLOCKED, stored, dependencies, 0));
        }
        // For a tag, a durable key only means that the backup has the tag, not that its target is current.
        boolean wrote = linkStore.publishIfDifferent(stored, isAbsent, durableKeys.contains(key));
        durableKeys.add(key);
        if (wrote) {
            Optional<StoredLink> now = linkStore.read(key);
            if (now.filter(link -> link.target().equals(stored.target())).isEmpty()) {
                return new TagAttempt(Optional.empty(), now);
            }
        }
        if (!dependencies.isComplete()) {
            return finished(result(Kind.TAG_CURRENT_LINK, ReplicationStatus.PARTIAL, stored, dependencies, 0));
        }
        blockedLinks.update(key, Set.of());
        return finished(result(
                Kind.TAG_CURRENT_LINK,
                wrote || hasMoved ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                stored,
                dependencies,
                wrote ? stored.content().length : 0));
    }

    private static TagAttempt finished(ReplicationResult result) {
        return new TagAttempt(Optional.of(result), Optional.empty());
    }

    private static ReplicationResult result(
            Kind kind, ReplicationStatus status, StoredLink stored, DependencyResult dependencies, long bytesOfLink) {
        return new ReplicationResult(
                kind,
                status,
                Optional.of(stored.target()),
                dependencies.bytesCopied() + bytesOfLink,
                dependencies.problem());
    }
}
