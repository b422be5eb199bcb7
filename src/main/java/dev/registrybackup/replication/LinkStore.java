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

/** Reads links from the registry and writes them into the backup, one request or two at a time. Blocks. */
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
     * The registry's link, or empty if it has none.
     *
     * @throws MalformedLinkException if its content is no digest
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
     * Refuses a link that names another digest than its path does. One of another algorithm may: sha512 paths point to the
     * canonical sha256 (distribution {@code linkedblobstore.go}, {@code linkBlob}).
     */
    static StoredLink requireMatchingPath(DigestLink path, StoredLink storedLink) {
        Digest target = storedLink.target();
        if (target.algorithm() == path.digest().algorithm() && !target.equals(path.digest())) {
            throw new MalformedLinkException("a link whose path names %s names %s".formatted(path.digest(), target));
        }
        return storedLink;
    }

    /**
     * Writes a link whose content does not change, unless the backup has it; says whether it wrote. Most are new, so where
     * the store heeds that condition the backup is asked only if it refuses. A link that the registry wrote again since
     * counts as missing, as in {@link #publishIfDifferent}, but for layer links, of which nobody asks when.
     *
     * @param isAbsent whether the backup is known not to have it, so that nobody has to look
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
     * Writes a layer link without a look at the registry's, since its path says what it says; says whether it wrote. When
     * the registry wrote it is not known then, and nobody asks.
     *
     * @param isAbsent whether the backup is known not to have it, so that nobody has to look
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
     * Writes a link whose content changes, unless the backup has this content; says whether it wrote. What the registry
     * wrote again since may have been gone in between: a version with its time tells that it was back.
     *
     * @param isAbsent whether the backup is known not to have it, so that nobody has to look
     * @param isKnown whether the backup is known to have one, so that a write on condition that it does not would be refused
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

    /** The ETag of so small an object is its MD5, except under KMS, where the content has to be looked at. */
    private boolean isSameContent(ObjectInfo copy, byte[] content) {
        return copy.size() == content.length
                && (copy.etag().equals(LinkContent.md5Hex(content))
                        || backupHasContent(copy.key(), content, there -> true));
    }

    private boolean backupHasContent(String key, byte[] content, Predicate<ObjectInfo> counts) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            return reading.info().size() == content.length
                    && counts.test(reading.info())
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
