package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.store.ReplayableContent;
import java.util.Map;

/**
 * Writes links from what they have to say.
 *
 * @param ends where
 * @param meter counts them
 */
record LinkWriting(Ends ends, Meter meter) {
    /** Writes it, and counts it. */
    void write(RegistryPath.Link path, Digest target) {
        put(path, target);
        count(target);
    }

    void put(RegistryPath.Link path, Digest target) {
        ends.target().put(ends.targetKey(path), ReplayableContent.of(LinkContent.of(target)), Map.of());
    }

    void count(Digest target) {
        meter.done(1, LinkContent.of(target).length);
    }
}
