package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;

/**
 * A link as it was read from the registry, or as a listing of it shows.
 *
 * @param info facts about its object, as of then
 * @param target the digest its content names, and it is nothing else
 */
record StoredLink(ObjectInfo info, Digest target) {
    byte[] content() {
        return LinkContent.of(target);
    }
}
