package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.MetadataStore;
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
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "verify/last";

    private final MetadataStore records;

    /**
     * What was recorded. Images are what {@link VerifySummary} counts: each revision of a repository once, and on OpenShift each
     * that an ImageStream names.
     *
     * @param summary of the last one, as {@link VerifySummary#json} has it; an empty object if there was none
     * @param finishedAt when the last one ended, UTC; empty if there was none
     * @param lastConclusiveAt when the last one ended that could tell everything, with findings or without, UTC
     */
    public record VerificationRecord(
            ObjectNode summary, Optional<Instant> finishedAt, Optional<Instant> lastConclusiveAt) {
        private static final VerificationRecord NONE =
                new VerificationRecord(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

        /** Keeps its own copy of the summary. */
        public VerificationRecord {
            summary = summary.deepCopy();
        }

        /** When the last one began, UTC: what it says was true then. */
        public Optional<Instant> startedAt() {
            return MetadataStore.parseTime(summary, "startedAt");
        }

        /** How many images there were. */
        public long images() {
            return restorable() + imageCount("incomplete") + unknown();
        }

        /** How many of them were whole. */
        public long restorable() {
            return imageCount("complete");
        }

        /** Of how many of them the store did not say enough. */
        public long unknown() {
            return imageCount("unknown");
        }

        private long imageCount(String name) {
            return summary.path("images").path(name).asLong();
        }

        /**
         * The share that was whole, from 0 to 1, of the images of which it could be told; 1 if there are no images. Empty
         * before the first, and if it could be told of none.
         */
        public Optional<Double> share() {
            long told = images() - unknown();
            if (finishedAt.isEmpty() || (told == 0 && images() > 0)) {
                return Optional.empty();
            }
            return Optional.of(told == 0 ? 1 : (double) restorable() / told);
        }

        /** How many findings there were of each severity, 0 among them; empty before the first. */
        public Map<Severity, Long> findingsBySeverity() {
            Map<Severity, Long> findings = new EnumMap<>(Severity.class);
            if (finishedAt.isPresent()) {
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
        this.records = new MetadataStore(backup);
    }

    /** What is on record; nothing if there is no record that can be read. */
    public VerificationRecord read() {
        return parse(records.read(KEY));
    }

    /** Whether what is asked is the whole of the backup, however closely. */
    static boolean isFullBackup(VerifyRequest request) {
        return request.store().equals(VerifyRequest.BACKUP) && request.scope() instanceof Scope.All;
    }

    void write(VerifySummary verified, ObjectNode summary) {
        records.update(KEY, before -> {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.set("summary", summary);
            MetadataStore.putTime(json, "finishedAt", Optional.of(verified.finishedAt()));
            MetadataStore.putTime(
                    json,
                    "lastConclusiveAt",
                    verified.hasUnknown() ? parse(before).lastConclusiveAt() : Optional.of(verified.finishedAt()));
            return json;
        });
    }

    private static VerificationRecord parse(ObjectNode json) {
        return json.path("summary") instanceof ObjectNode summary
                ? new VerificationRecord(
                        summary,
                        MetadataStore.parseTime(json, "finishedAt"),
                        MetadataStore.parseTime(json, "lastConclusiveAt"))
                : VerificationRecord.NONE;
    }
}
