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
    void write(RegistryPath.Link path, Digest target) {
        byte[] content = LinkContent.of(target);
        ends.target().put(ends.targetKey(path), ReplayableContent.of(content), Map.of());
        meter.done(1, content.length);
    }
}
