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
 * The result of the last verification of the full backup, under {@value #KEY}: its summary, and when the last
 * conclusive one finished. Verifications of other stores or of a scope are not recorded. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class LastVerification {
    /** The record's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "verify/last";

    private final MetadataStore records;

    /**
     * The recorded result. Images are counted as in {@link VerifySummary}: each revision of a repository once, and on
     * OpenShift each that an ImageStream names.
     *
     * @param summary the last summary, from {@link VerifySummary#json}; an empty object if there was none
     * @param finishedAt when the last verification finished, UTC; empty if there was none
     * @param lastConclusiveAt when the last verification without unknown results finished, with findings or without,
     * UTC
     */
    public record VerificationRecord(
            ObjectNode summary, Optional<Instant> finishedAt, Optional<Instant> lastConclusiveAt) {
        private static final VerificationRecord NONE =
                new VerificationRecord(JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());

        /** Keeps its own copy of the summary. */
        public VerificationRecord {
            summary = summary.deepCopy();
        }

        /** When the last verification began, UTC: its results were true then. */
        public Optional<Instant> startedAt() {
            return MetadataStore.parseTime(summary, "startedAt");
        }

        /** How many images were verified. */
        public long images() {
            return restorable() + imageCount("incomplete") + unknown();
        }

        /** How many of them were complete. */
        public long restorable() {
            return imageCount("complete");
        }

        /** How many of them could not be determined. */
        public long unknown() {
            return imageCount("unknown");
        }

        private long imageCount(String name) {
            return summary.path("images").path(name).asLong();
        }

        /**
         * The share of complete images among those that could be determined, from 0 to 1; 1 if there are no images.
         * Empty before the first verification, and if none could be determined.
         */
        public Optional<Double> share() {
            long determined = images() - unknown();
            if (finishedAt.isEmpty() || (determined == 0 && images() > 0)) {
                return Optional.empty();
            }
            return Optional.of(determined == 0 ? 1 : (double) restorable() / determined);
        }

        /** How many findings of each severity there were, zeros included; empty before the first verification. */
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

    /** Uses the record in this backup. */
    public LastVerification(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** Reads the record; empty if there is none or it cannot be parsed. */
    public VerificationRecord read() {
        return parse(records.read(KEY));
    }

    /** Whether the request covers the full backup, at any depth. */
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
