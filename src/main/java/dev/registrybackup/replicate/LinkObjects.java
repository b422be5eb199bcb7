package dev.registrybackup.replicate;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.CopiedFrom;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads links from the registry and writes them into the backup, one request or two at a time. Blocks. */
final class LinkObjects {
    private final ObjectStore registry;
    private final ObjectStore backup;

    LinkObjects(ObjectStore registry, ObjectStore backup) {
        this.registry = registry;
        this.backup = backup;
    }

    /**
     * The registry's link, or empty if it has none.
     *
     * @throws MalformedLinkException if its content is no digest
     */
    Optional<Link> read(String key) {
        try (OpenObject reading = registry.open(key, Optional.empty(), Optional.empty())) {
            if (reading.info().size() > LinkContent.LONGEST) {
                throw new MalformedLinkException("a link of %d bytes is no digest"
                        .formatted(reading.info().size()));
            }
            byte[] content = reading.readAll(LinkContent.LONGEST);
            return Optional.of(new Link(reading.info(), LinkContent.parse(content)));
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
    static Link fitting(DigestLink path, Link link) {
        Digest target = link.target();
        if (target.algorithm() == path.digest().algorithm() && !target.equals(path.digest())) {
            throw new MalformedLinkException("a link whose path names %s names %s".formatted(path.digest(), target));
        }
        return link;
    }

    /**
     * Writes a link whose content does not change, unless the backup has it; says whether it wrote. One that the registry
     * wrote again since counts as missing, as in {@link #publishByContent}, but for layer links, of which nobody asks when.
     */
    boolean publish(DigestLink path, Link link) {
        Optional<ObjectInfo> copy = backup.findBeforeWrite(link.info().key());
        if (copy.isPresent()
                && isSame(copy.get(), link)
                && (path.kind() == Kind.LAYER_LINK || !isOlder(copy.get(), link))) {
            return false;
        }
        write(link);
        return true;
    }

    /**
     * Writes a link whose content changes, unless the backup has this content; says whether it wrote. What the registry
     * wrote again since may have been gone in between: a version with its time tells that it was back.
     */
    boolean publishByContent(Link link) {
        if (backupSays(link, copy -> !isOlder(copy, link))) {
            return false;
        }
        write(link);
        return true;
    }

    private static boolean isOlder(ObjectInfo copy, Link link) {
        return CopiedFrom.lastModified(copy)
                .orElse(copy.lastModified())
                .isBefore(link.info().lastModified());
    }

    /** The ETag of so small an object is its MD5, except under KMS, where the content has to be looked at. */
    private boolean isSame(ObjectInfo copy, Link link) {
        return copy.size() == link.content().length
                && (copy.etag().equals(LinkContent.md5(link.content())) || backupSays(link, there -> true));
    }

    private boolean backupSays(Link link, Predicate<ObjectInfo> counts) {
        try (OpenObject reading = backup.open(link.info().key(), Optional.empty(), Optional.empty())) {
            return reading.info().size() == link.content().length
                    && counts.test(reading.info())
                    && link.saysTheSame(reading.readAll(LinkContent.LONGEST));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void write(Link link) {
        backup.put(link.info().key(), ReplayableContent.of(link.content()), CopiedFrom.metadata(link.info()));
    }
}
