package dev.registrybackup.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.ledger.RecordObjects;
import dev.registrybackup.ledger.RecordObjects.Stored;
import dev.registrybackup.ledger.Rejections;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectInfo;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Takes off the record what could never be copied and is well now: the backup has it, or the registry has it no more. */
final class SettledRejections {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Sides sides;
    private final RecordObjects records;
    private final Permit permit;

    SettledRejections(Sides sides, Permit permit) {
        this.sides = sides;
        this.records = new RecordObjects(sides.backup());
        this.permit = permit;
    }

    /**
     * Does it, and tells how many there were.
     *
     * @param left the keys that the backup lacks still, or has otherwise than the registry
     */
    long remove(Set<String> left) {
        try (Stream<ObjectInfo> listing = sides.backup().list(Rejections.PREFIX)) {
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
            permit.require();
            sides.backup().remove(name, record.get().version());
        }
        return isSettled;
    }

    private boolean isWell(String key) {
        Kind kind = sides.layout().parse(key).kind();
        return kind != Kind.FOREIGN
                && kind != Kind.EXCLUDED
                && (sides.backup().findBeforeWrite(key).isPresent()
                        || sides.registry().find(key).isEmpty());
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
