package dev.registrybackup.replication;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import java.util.Optional;
import java.util.Set;

/**
 * Publishes links in the backup. What a link waits for is on record before the link is published, and taken off the record
 * only after. Blocks; safe for use by many threads, for one link by one at a time.
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

    /** Whether the link was published lately and waits for nothing, so that no request is needed. */
    boolean isDurable(String key) {
        return durableKeys.contains(key) && !blockedLinks.isWaiting(key);
    }

    /** The registry's link, or empty if it has none. */
    Optional<StoredLink> read(String key) {
        return linkStore.read(key);
    }

    ReplicationResult sourceMissing(Kind kind, String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(kind, ReplicationStatus.SOURCE_MISSING);
    }

    /**
     * Publishes a layer link whose blob the backup has, without reading the registry's: what it says follows from its path.
     *
     * @param isAbsent whether the backup is known not to have it
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
     * Publishes a link whose content never changes, unless something below it is corrupt.
     *
     * @param isAbsent whether the backup is known not to have it
     * @param below what became of everything that the link leads to
     */
    ReplicationResult publish(DigestLink link, StoredLink stored, boolean isAbsent, DependencyResult below) {
        String key = stored.info().key();
        if (!below.isComplete()) {
            blockedLinks.update(key, below.recordedCauses());
        }
        if (below.isCorrupt()) {
            return result(link.kind(), ReplicationStatus.BLOCKED, stored, below, 0);
        }
        boolean wrote = linkStore.publishIfMissing(link, stored, isAbsent);
        if (!below.isComplete()) {
            return result(link.kind(), ReplicationStatus.PARTIAL, stored, below, 0);
        }
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return wrote
                ? result(link.kind(), ReplicationStatus.COPIED, stored, below, stored.content().length)
                : result(link.kind(), ReplicationStatus.PRESENT, stored, below, 0);
    }

    /**
     * One attempt to publish what a tag points to.
     *
     * @param result what became of it, if the registry's tag still pointed there afterwards
     * @param now the registry's tag as of then, if it did not; empty if it was deleted
     */
    record TagAttempt(Optional<ReplicationResult> result, Optional<StoredLink> now) {}

    /**
     * Publishes what a tag points to, unless something below it is corrupt, and reads the registry's tag again if that wrote.
     *
     * @param isAbsent whether the backup is known not to have the tag
     * @param hasMoved whether an earlier attempt wrote another target
     */
    TagAttempt publishTag(StoredLink stored, boolean isAbsent, boolean hasMoved, DependencyResult below) {
        String key = stored.info().key();
        if (!below.isComplete()) {
            blockedLinks.update(key, below.recordedCauses());
        }
        if (below.isCorrupt()) {
            return finished(result(Kind.TAG_CURRENT_LINK, ReplicationStatus.BLOCKED, stored, below, 0));
        }
        // Of tags only this is remembered: that the backup has one.
        boolean wrote = linkStore.publishIfDifferent(stored, isAbsent, durableKeys.contains(key));
        durableKeys.add(key);
        if (wrote) {
            Optional<StoredLink> now = linkStore.read(key);
            if (now.filter(link -> link.target().equals(stored.target())).isEmpty()) {
                return new TagAttempt(Optional.empty(), now);
            }
        }
        if (!below.isComplete()) {
            return finished(result(Kind.TAG_CURRENT_LINK, ReplicationStatus.PARTIAL, stored, below, 0));
        }
        blockedLinks.update(key, Set.of());
        return finished(result(
                Kind.TAG_CURRENT_LINK,
                wrote || hasMoved ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                stored,
                below,
                wrote ? stored.content().length : 0));
    }

    private static TagAttempt finished(ReplicationResult result) {
        return new TagAttempt(Optional.of(result), Optional.empty());
    }

    private static ReplicationResult result(
            Kind kind, ReplicationStatus status, StoredLink stored, DependencyResult below, long bytesOfLink) {
        return new ReplicationResult(
                kind, status, Optional.of(stored.target()), below.bytesCopied() + bytesOfLink, below.problem());
    }
}
