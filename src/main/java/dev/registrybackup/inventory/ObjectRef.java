package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.replication.SourceObject;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * An object in a store, in compact form because there are many.
 *
 * @param size its size in bytes
 * @param etag its ETag without quotes; empty if the store gives none
 * @param version its version; empty for the current one
 */
public record ObjectRef(long size, String etag, Optional<String> version) {
    /** The current version of an object. */
    public static ObjectRef of(ObjectInfo info) {
        return new ObjectRef(info.size(), info.etag(), Optional.empty());
    }

    /** One version of an object. */
    public static ObjectRef of(ObjectVersion version) {
        return new ObjectRef(version.size(), version.etag(), Optional.of(version.versionId()));
    }

    /**
     * Whether this alone shows that the link has this target: the ETag of so small an object is its MD5, except under
     * KMS.
     */
    public boolean provablyPointsTo(Digest target) {
        byte[] content = LinkContent.of(target);
        return size == content.length && etag.equals(LinkContent.md5Hex(content));
    }

    /** The object as the one of this blob in the store, to read or copy it. */
    public SourceObject source(RegistryStore registryStore, Digest blob, RateLimiter rateLimiter) {
        ObjectInfo info = new ObjectInfo(registryStore.key(blob), size, etag, Instant.EPOCH, Map.of(), version);
        return new SourceObject(registryStore.store(), info, version, rateLimiter);
    }
}
