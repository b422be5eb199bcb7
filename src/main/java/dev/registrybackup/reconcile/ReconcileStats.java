package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.EnumMap;
import java.util.Map;

/** Counts keys by kind. Safe for use by many threads. */
final class ReconcileStats {
    /** Guarded by this. */
    private final Map<Kind, Map<Count, Long>> counts = new EnumMap<>(Kind.class);

    /** The counters of each kind. */
    enum Count {
        /** Keys in the registry. */
        IN_REGISTRY("inRegistry"),
        /** Keys that rclone reported as missing or differing, each once. */
        DIFFERING("differing"),
        /** Of these, copied in this run. */
        COPIED("copied"),
        /** Bytes copied for these. */
        BYTES_COPIED("bytesCopied"),
        /** Of those copied, the ones that events should have copied earlier. */
        MISSED_BY_EVENTS("missedByEvents"),
        /** Of those differing, the ones that are still missing from the backup, or differ. */
        REMAINING("remaining"),
        /** As remaining, but with a finding that is acknowledged until a date. */
        ACKNOWLEDGED("acknowledged"),
        /** Of those remaining, blobs that are corrupt in the registry. */
        CORRUPT("corrupt"),
        /** Keys in the backup only. */
        MISSING_IN_REGISTRY("missingInRegistry"),
        /** Of these, the ones that the registry had in the previous run. */
        NEWLY_MISSING_IN_REGISTRY("newlyMissingInRegistry"),
        /** Keys pruned from the backup. */
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

    /** Adds counters by kind, in JSON as {@link #json} returns it. */
    void add(JsonNode classes) {
        for (Kind kind : Kind.values()) {
            classes.optional(kind.label()).ifPresent(ofKind -> {
                for (Count count : Count.values()) {
                    add(kind, count, ofKind.path(count.label()).asLong());
                }
            });
        }
    }

    synchronized long total(Count count) {
        return counts.values().stream()
                .mapToLong(ofKind -> ofKind.getOrDefault(count, 0L))
                .sum();
    }

    /** The counters by kind, in JSON. */
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
