package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.LastRecord;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the last verification of the whole backup came to, under {@value #KEY}: its summary, and when the last one ended
 * that could tell everything. Of other stores, and of parts, nothing is recorded. Blocks; throws {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if the backup did not do its part.
 */
public final class LastVerification {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "verify/last";

    private final LastRecord record;

    /**
     * What was recorded. Images are what {@link VerifySummary} counts: each revision of a repository once, and on OpenShift each
     * that an ImageStream names.
     *
     * @param summary of the last one, as {@link VerifySummary#json} has it; an empty object if there was none
     * @param ended when the last one ended, UTC; empty if there was none
     * @param toldEnded when the last one ended that could tell everything, with findings or without, UTC
     */
    public record Said(ObjectNode summary, Optional<Instant> ended, Optional<Instant> toldEnded) {
        private static final Said NOTHING =
                new Said(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

        /** Keeps its own copy of the summary. */
        public Said {
            summary = summary.deepCopy();
        }

        /** When the last one began, UTC: what it says was true then. */
        public Optional<Instant> begun() {
            return LastRecord.time(summary, "begun");
        }

        /** How many images there were. */
        public long images() {
            return restorable() + counted("lacking") + untold();
        }

        /** How many of them were whole. */
        public long restorable() {
            return counted("whole");
        }

        /** Of how many of them the store did not say enough. */
        public long untold() {
            return counted("untold");
        }

        private long counted(String name) {
            return summary.path("images").path(name).asLong();
        }

        /**
         * The share that was whole, from 0 to 1, of the images of which it could be told; 1 if there are no images. Empty
         * before the first, and if it could be told of none.
         */
        public Optional<Double> share() {
            long told = images() - untold();
            if (ended.isEmpty() || (told == 0 && images() > 0)) {
                return Optional.empty();
            }
            return Optional.of(told == 0 ? 1 : (double) restorable() / told);
        }

        /** How many findings there were of each severity, 0 among them; empty before the first. */
        public Map<Severity, Long> findings() {
            Map<Severity, Long> findings = new EnumMap<>(Severity.class);
            if (ended.isPresent()) {
                for (Severity severity : Severity.values()) {
                    findings.put(
                            severity,
                            summary.path("severities").path(severity.label()).asLong());
                }
            }
            return findings;
        }
    }

    /** The last verification of that backup. */
    public LastVerification(ObjectStore backup) {
        this.record = new LastRecord(backup, KEY);
    }

    /** What is on record; nothing if there is no record that can be read. */
    public Said read() {
        return said(record.read());
    }

    /** Whether what is asked is the whole of the backup, however closely. */
    static boolean isOf(VerifyRequest request) {
        return request.store().equals(VerifyRequest.BACKUP) && request.scope() instanceof Scope.All;
    }

    void write(VerifySummary verified, ObjectNode summary) {
        record.rewrite(before -> {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.set("summary", summary);
            LastRecord.put(json, "ended", Optional.of(verified.ended()));
            LastRecord.put(
                    json,
                    "toldEnded",
                    verified.couldNotTell() ? said(before).toldEnded() : Optional.of(verified.ended()));
            return json;
        });
    }

    private static Said said(ObjectNode json) {
        return json.path("summary") instanceof ObjectNode summary
                ? new Said(summary, LastRecord.time(json, "ended"), LastRecord.time(json, "toldEnded"))
                : Said.NOTHING;
    }
}
