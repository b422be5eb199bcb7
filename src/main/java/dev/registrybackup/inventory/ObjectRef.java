package dev.registrybackup.inventory;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * An object that a store holds, in as few words as many of them need.
 *
 * @param size its size in bytes
 * @param etag its ETag without quotes; empty if the store gives none
 * @param version the version that is meant, where the visible one is not; empty for the visible one
 */
public record ObjectRef(long size, String etag, Optional<String> version) {
    /** The visible object. */
    public static ObjectRef of(ObjectInfo info) {
        return new ObjectRef(info.size(), info.etag(), Optional.empty());
    }

    /** One version of an object. */
    public static ObjectRef of(ObjectVersion version) {
        return new ObjectRef(version.size(), version.etag(), Optional.of(version.versionId()));
    }

    /**
     * Whether, if it is a link, this alone proves that it says so: so small an object's ETag is its MD5, except under KMS.
     */
    public boolean provablyPointsTo(Digest target) {
        byte[] content = LinkContent.of(target);
        return size == content.length && etag.equals(LinkContent.md5Hex(content));
    }

    /** What a copy has to know of it. */
    public ObjectInfo toObjectInfo(String key) {
        return new ObjectInfo(key, size, etag, Instant.EPOCH, Map.of(), version);
    }
}
