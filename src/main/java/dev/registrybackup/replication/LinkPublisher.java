package dev.registrybackup.replication;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.objectstore.ConditionalWrites;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.Link;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads links from the registry and publishes them in the backup. The dependencies that a link waits for are recorded
 * before the link is published, and their records are deleted only after it. Blocks; safe for use by many threads, but
 * only one at a time may publish the same link. Methods throw {@link ObjectStoreException} if a store failed.
 */
final class LinkPublisher {
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ConditionalWrites conditionalWrites;
    private final BlockedLinks blockedLinks;
    private final ExpiringKeySet durableKeys;

    LinkPublisher(
            ObjectStore registry,
            ObjectStore backup,
            ConditionalWrites conditionalWrites,
            BlockedLinks blockedLinks,
            ExpiringKeySet durableKeys) {
        this.registry = registry;
        this.backup = backup;
        this.conditionalWrites = conditionalWrites;
        this.blockedLinks = blockedLinks;
        this.durableKeys = durableKeys;
    }

    /**
     * A link as read from the registry, or as a listing of the registry shows it.
     *
     * @param info its key, size, ETag and time at that moment
     * @param target the digest that is its whole content
     */
    record StoredLink(ObjectInfo info, Digest target) {
        byte[] content() {
            return LinkContent.of(target);
        }
    }

    /**
     * The result of publishing a link.
     *
     * @param result the result of its key
     * @param wrote whether the link was written
     */
    record Publication(ReplicationResult result, boolean wrote) {}

    /** Whether the link was recently published with all dependencies, so that no request is needed. */
    boolean isDurable(String key) {
        return durableKeys.contains(key) && !blockedLinks.isWaiting(key);
    }

    /**
     * Reads the link from the registry; empty if it is missing there.
     *
     * @throws dev.registrybackup.registry.MalformedLinkException if its content is not a digest
     */
    Optional<StoredLink> read(String key) {
        try (OpenObject reading = registry.open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(new StoredLink(reading.info(), reading.readLink()));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The result for a link that is missing in the registry. It no longer waits for any dependency. */
    ReplicationResult sourceMissing(Kind kind, String key) {
        blockedLinks.update(key, Set.of());
        return ReplicationResult.of(kind, ReplicationStatus.SOURCE_MISSING);
    }

    /**
     * Publishes a layer link whose blob is in the backup, without reading the registry's link: its path determines its
     * content. The copy has no metadata about when the registry wrote the link, because nothing uses it.
     *
     * @param isAbsent whether the link is known to be missing in the backup
     */
    ReplicationResult publishUnread(LayerLink link, String key, boolean isAbsent) {
        byte[] content = LinkContent.of(link.digest());
        boolean wrote = isAbsent || findCopy(key, content).isEmpty();
        if (wrote) {
            backup.put(key, ContentSource.of(content), Map.of());
        }
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return new ReplicationResult(
                link.kind(),
                wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT,
                Optional.of(link.digest()),
                wrote ? content.length : 0,
                "");
    }

    /**
     * Publishes a link, unless a dependency is corrupt.
     *
     * @param isAbsent whether the link is known to be missing in the backup
     * @param dependencies whether the link's dependencies are in the backup
     */
    Publication publish(Link link, StoredLink stored, boolean isAbsent, DependencyResult dependencies) {
        String key = stored.info().key();
        if (!dependencies.isComplete()) {
            blockedLinks.update(key, dependencies.recordedCauses());
        }
        if (dependencies.isCorrupt()) {
            return publication(link, ReplicationStatus.BLOCKED, stored, dependencies, false);
        }
        boolean wrote = writeUnlessCurrent(link.kind(), stored, isAbsent);
        if (!dependencies.isComplete()) {
            return publication(link, ReplicationStatus.PARTIAL, stored, dependencies, wrote);
        }
        blockedLinks.update(key, Set.of());
        durableKeys.add(key);
        return publication(
                link, wrote ? ReplicationStatus.COPIED : ReplicationStatus.PRESENT, stored, dependencies, wrote);
    }

    private static Publication publication(
            Link link, ReplicationStatus status, StoredLink stored, DependencyResult dependencies, boolean wrote) {
        long bytes = dependencies.bytesCopied() + (wrote ? stored.content().length : 0);
        return new Publication(
                new ReplicationResult(link.kind(), status, Optional.of(stored.target()), bytes, dependencies.problem()),
                wrote);
    }

    /**
     * Writes the link, unless the backup has it. Most links are new: if the store supports conditional writes, the backup
     * is asked only after one is rejected. A link that the registry has written again since, with the same content, is
     * written again too: it may have been deleted in between, and the new version records when it existed again. Layer
     * links are not, because nothing uses their time.
     *
     * @return whether it was written
     */
    private boolean writeUnlessCurrent(Kind kind, StoredLink stored, boolean isAbsent) {
        String key = stored.info().key();
        ContentSource content = ContentSource.of(stored.content());
        Map<String, String> metadata = SourceMetadata.of(stored.info());
        if (!isAbsent) {
            // A link that the backup has would be rejected. For a tag, that does not mean that its target is current.
            boolean isKnown = durableKeys.contains(key);
            if (!isKnown && conditionalWrites.areHeeded() && backup.putIfAbsent(key, content, metadata)) {
                return true;
            }
            // Most tags that are written again have moved, so their content is read at once.
            Optional<ObjectInfo> copy =
                    kind == Kind.TAG_CURRENT_LINK ? readCopy(key, stored.content()) : findCopy(key, stored.content());
            if (copy.filter(found -> kind == Kind.LAYER_LINK || !isOlder(found, stored.info()))
                    .isPresent()) {
                return false;
            }
        }
        backup.put(key, content, metadata);
        return true;
    }

    private static boolean isOlder(ObjectInfo copy, ObjectInfo source) {
        return SourceMetadata.lastModified(copy).orElse(copy.lastModified()).isBefore(source.lastModified());
    }

    /**
     * The backup's object, if it has this content. Compares by ETag, which is the MD5 of so small an object. With KMS it is
     * not: then the content is read.
     */
    private Optional<ObjectInfo> findCopy(String key, byte[] content) {
        return backup.headBeforeWrite(key)
                .filter(copy -> copy.size() == content.length)
                .filter(copy -> copy.etag().equals(LinkContent.md5Hex(content))
                        || readCopy(key, content).isPresent());
    }

    /** The backup's object, if it has this content. Compares by content. */
    private Optional<ObjectInfo> readCopy(String key, byte[] content) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            boolean isSame = reading.info().size() == content.length
                    && Arrays.equals(content, reading.readAll(LinkContent.MAX_BYTES));
            return Optional.of(reading.info()).filter(info -> isSame);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
