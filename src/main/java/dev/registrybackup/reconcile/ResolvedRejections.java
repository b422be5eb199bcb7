package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.pending.RejectionStore;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Takes off the record what could never be copied and is well now: the backup has it, or the registry has it no more. */
final class ResolvedRejections {
    private final StorePair storePair;
    private final MetadataStore records;
    private final Fence fence;

    ResolvedRejections(StorePair storePair, Fence fence) {
        this.storePair = storePair;
        this.records = new MetadataStore(storePair.backup());
        this.fence = fence;
    }

    /**
     * Does it, and tells how many there were.
     *
     * @param left the keys that the backup lacks still, or has otherwise than the registry
     */
    long delete(Set<String> left) {
        try (Stream<ObjectInfo> listing = storePair.backup().list(RejectionStore.PREFIX)) {
            return listing.map(ObjectInfo::key)
                    .filter(name -> deleteIfResolved(name, left))
                    .count();
        }
    }

    private boolean deleteIfResolved(String name, Set<String> left) {
        Optional<StoredRecord> record = records.get(name);
        // A record may be about no key, such as that of an event nobody could read.
        boolean isSettled = record.flatMap(stored -> MetadataStore.parse(stored.json()))
                .map(json -> json.path("key").textValue())
                .filter(key -> !left.contains(key) && isResolved(key))
                .isPresent();
        if (isSettled) {
            fence.check();
            storePair.backup().delete(name, record.get().version());
        }
        return isSettled;
    }

    private boolean isResolved(String key) {
        Kind kind = storePair.layout().parse(key).kind();
        return kind != Kind.UNKNOWN
                && kind != Kind.EXCLUDED
                && (storePair.backup().headBeforeWrite(key).isPresent()
                        || storePair.registry().head(key).isEmpty());
    }
}
