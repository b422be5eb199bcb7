package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ConditionalWrites;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Reads links from the registry and writes them into the backup. Blocks; methods throw {@link ObjectStoreException} if
 * a store failed.
 */
final class LinkStore {
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ConditionalWrites conditionalWrites;

    LinkStore(ObjectStore registry, ObjectStore backup, ConditionalWrites conditionalWrites) {
        this.registry = registry;
        this.backup = backup;
        this.conditionalWrites = conditionalWrites;
    }

    /**
     * Reads the link from the registry; empty if it is missing there.
     *
     * @throws MalformedLinkException if its content is not a digest
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

    /**
     * Returns the link if its content matches the digest in its path. A digest of another algorithm is accepted: sha512
     * paths point to the canonical sha256 digest (distribution {@code linkedblobstore.go}, {@code linkBlob}).
     *
     * @throws MalformedLinkException if path and content have different digests of the same algorithm
     */
    static StoredLink requireMatchingPath(DigestLink path, StoredLink storedLink) {
        Digest target = storedLink.target();
        if (target.algorithm() == path.digest().algorithm() && !target.equals(path.digest())) {
            throw new MalformedLinkException(
                    "the link's path contains %s, but its content is %s".formatted(path.digest(), target));
        }
        return storedLink;
    }

    /**
     * Writes a link whose content never changes, unless the backup has it. Most links are new: if the store supports
     * conditional writes, the backup is asked only after one is rejected. A link that the registry has written again
     * since counts as missing, as in {@link #publishIfDifferent}. Layer links do not, because nothing uses their time.
     *
     * @param isAbsent whether the link is known to be missing in the backup, so that no lookup is needed
     * @return whether it was written
     */
    boolean publishIfMissing(DigestLink path, StoredLink storedLink, boolean isAbsent) {
        if (!isAbsent) {
            if (conditionalWrites.areHeeded() && writeIfAbsent(storedLink)) {
                return true;
            }
            Optional<ObjectInfo> copy = backup.headBeforeWrite(storedLink.info().key());
            if (copy.isPresent()
                    && isSameContent(copy.get(), storedLink.content())
                    && (path.kind() == Kind.LAYER_LINK || !isOlder(copy.get(), storedLink))) {
                return false;
            }
        }
        write(storedLink);
        return true;
    }

    /**
     * Writes a layer link, unless the backup has it, without reading the registry's link: its path determines its
     * content. The copy has no metadata about when the registry wrote the link, because nothing uses it.
     *
     * @param isAbsent whether the link is known to be missing in the backup, so that no lookup is needed
     * @return whether it was written
     */
    boolean publishUnread(String key, LayerLink path, boolean isAbsent) {
        byte[] content = LinkContent.of(path.digest());
        if (!isAbsent
                && backup.headBeforeWrite(key)
                        .filter(copy -> isSameContent(copy, content))
                        .isPresent()) {
            return false;
        }
        backup.put(key, ContentSource.of(content), Map.of());
        return true;
    }

    /**
     * Writes a link whose content changes, unless the backup has this content. A link that the registry has written
     * again since, with the same content, is written again too: it may have been deleted in between, and the new
     * version records when it existed again.
     *
     * @param isAbsent whether the link is known to be missing in the backup, so that no lookup is needed
     * @param isKnown whether the link is known to be in the backup, so that a conditional write would be rejected
     * @return whether it was written
     */
    boolean publishIfDifferent(StoredLink storedLink, boolean isAbsent, boolean isKnown) {
        if (!isAbsent) {
            if (!isKnown && conditionalWrites.areHeeded() && writeIfAbsent(storedLink)) {
                return true;
            }
            if (backupHasContent(storedLink.info().key(), storedLink.content(), copy -> !isOlder(copy, storedLink))) {
                return false;
            }
        }
        write(storedLink);
        return true;
    }

    private static boolean isOlder(ObjectInfo copy, StoredLink storedLink) {
        return SourceMetadata.lastModified(copy)
                .orElse(copy.lastModified())
                .isBefore(storedLink.info().lastModified());
    }

    /** Compares by ETag, which is the MD5 of so small an object. With KMS it is not: then the content is read. */
    private boolean isSameContent(ObjectInfo copy, byte[] content) {
        return copy.size() == content.length
                && (copy.etag().equals(LinkContent.md5Hex(content))
                        || backupHasContent(copy.key(), content, object -> true));
    }

    private boolean backupHasContent(String key, byte[] content, Predicate<ObjectInfo> isCurrent) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            return reading.info().size() == content.length
                    && isCurrent.test(reading.info())
                    && Arrays.equals(content, reading.readAll(LinkContent.MAX_BYTES));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private boolean writeIfAbsent(StoredLink storedLink) {
        return backup.putIfAbsent(
                storedLink.info().key(), ContentSource.of(storedLink.content()), SourceMetadata.of(storedLink.info()));
    }

    private void write(StoredLink storedLink) {
        backup.put(
                storedLink.info().key(), ContentSource.of(storedLink.content()), SourceMetadata.of(storedLink.info()));
    }
}
