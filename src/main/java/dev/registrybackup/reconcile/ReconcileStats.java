package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.EnumMap;
import java.util.Map;

/** What is counted of each class of object. Safe for use by many threads. */
final class ReconcileStats {
    /** Guarded by this. */
    private final Map<Kind, Map<Count, Long>> counts = new EnumMap<>(Kind.class);

    /** What is counted. */
    enum Count {
        /** Keys that the registry has. */
        IN_REGISTRY("inRegistry"),
        /** Keys that rclone reported as missing or differing, each once. */
        DIFFERING("differing"),
        /** Of these, what the backup has now. */
        COPIED("copied"),
        /** Bytes copied for them. */
        BYTES_COPIED("bytesCopied"),
        /** Of those copied, what events should have copied before. */
        MISSED_BY_EVENTS("missedByEvents"),
        /** Of those differing, what is still missing in the backup, or differs. */
        REMAINING("remaining"),
        /** What would be counted as remaining, had nobody acknowledged its finding until a date. */
        ACKNOWLEDGED("acknowledged"),
        /** Of those remaining, what in the registry is not what its digest says. */
        CORRUPT("corrupt"),
        /** Keys that only the backup has. */
        MISSING_IN_REGISTRY("missingInRegistry"),
        /** Of these, what the registry had at the run before. */
        NEWLY_MISSING_IN_REGISTRY("newlyMissingInRegistry"),
        /** What left the backup. */
        PRUNED("pruned");

        private final String label;

        Count(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    synchronized void add(Kind kind, Count count, long more) {
        counts.computeIfAbsent(kind, fresh -> new EnumMap<>(Count.class)).merge(count, more, Long::sum);
    }

    synchronized long count(Kind kind, Count count) {
        return counts.getOrDefault(kind, Map.of()).getOrDefault(count, 0L);
    }

    synchronized long total(Count count) {
        return counts.values().stream()
                .mapToLong(ofKind -> ofKind.getOrDefault(count, 0L))
                .sum();
    }

    /** By class, and in it by what is counted. */
    synchronized ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        counts.forEach((kind, ofKind) -> {
            ObjectNode entry = json.putObject(kind.label());
            for (Count count : Count.values()) {
                entry.put(count.label(), ofKind.getOrDefault(count, 0L));
            }
        });
        return json;
    }
}
