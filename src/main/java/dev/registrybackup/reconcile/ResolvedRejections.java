package dev.registrybackup.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RecordObjects;
import dev.registrybackup.objectstore.RecordObjects.Stored;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.pending.RejectionStore;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Takes off the record what could never be copied and is well now: the backup has it, or the registry has it no more. */
final class ResolvedRejections {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StorePair storePair;
    private final RecordObjects records;
    private final Fence fence;

    ResolvedRejections(StorePair storePair, Fence fence) {
        this.storePair = storePair;
        this.records = new RecordObjects(storePair.backup());
        this.fence = fence;
    }

    /**
     * Does it, and tells how many there were.
     *
     * @param left the keys that the backup lacks still, or has otherwise than the registry
     */
    long remove(Set<String> left) {
        try (Stream<ObjectInfo> listing = storePair.backup().list(RejectionStore.PREFIX)) {
            return listing.map(ObjectInfo::key)
                    .filter(name -> removed(name, left))
                    .count();
        }
    }

    private boolean removed(String name, Set<String> left) {
        Optional<Stored> record = records.read(name);
        boolean isSettled = record.flatMap(stored -> key(stored.json()))
                .filter(key -> !left.contains(key) && isWell(key))
                .isPresent();
        if (isSettled) {
            fence.require();
            storePair.backup().remove(name, record.get().version());
        }
        return isSettled;
    }

    private boolean isWell(String key) {
        Kind kind = storePair.layout().parse(key).kind();
        return kind != Kind.FOREIGN
                && kind != Kind.EXCLUDED
                && (storePair.backup().findBeforeWrite(key).isPresent()
                        || storePair.registry().find(key).isEmpty());
    }

    /** Empty for a record that is about no key, such as that of an event nobody could read. */
    private static Optional<String> key(String json) {
        try {
            return Optional.ofNullable(JSON.readTree(json).path("key").textValue());
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
