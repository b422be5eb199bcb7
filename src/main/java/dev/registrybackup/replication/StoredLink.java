package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;

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
