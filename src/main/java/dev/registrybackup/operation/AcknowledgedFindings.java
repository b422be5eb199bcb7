package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Findings that somebody has acknowledged until a date, on record in the backup bucket. Until then they are reported as
 * {@link FindingCode#ACKNOWLEDGED}, so that no alert fires because of them; afterwards they are what they were before. Safe
 * for use by many threads; blocks; each method throws {@link ObjectStoreException} if the bucket did not answer.
 */
public final class AcknowledgedFindings {
    /** Where the record is. */
    static final String KEY = RegistryLayout.METADATA_PREFIX + "acknowledged-findings";

    private final MetadataStore records;
    private final Clock clock;

    /** Those of that backup bucket, by that clock. */
    public AcknowledgedFindings(ObjectStore backup, Clock clock) {
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /**
     * Acknowledges a finding, or changes until when. Forgets those that have expired.
     *
     * @param subject the finding's subject, as reports have it
     * @param by who, for a human
     * @return all that are acknowledged now, as {@link #list}
     * @throws IllegalArgumentException if the time is not after now
     */
    public ObjectNode acknowledge(FindingCode code, String subject, Instant until, String by) {
        Instant now = clock.instant();
        if (!until.isAfter(now)) {
            throw new IllegalArgumentException("Acknowledge a finding until a time after now, not until " + until);
        }
        return records.update(KEY, before -> {
            ObjectNode after = JsonNodeFactory.instance.objectNode();
            ArrayNode findings = after.putArray("findings");
            for (JsonNode finding : before.path("findings")) {
                if (isCurrent(finding, now)
                        && !(finding.path("code").asText().equals(code.name())
                                && finding.path("subject").asText().equals(subject))) {
                    findings.add(finding);
                }
            }
            findings.addObject()
                    .put("code", code.name())
                    .put("subject", subject)
                    .put("until", until.toString())
                    .put("by", by)
                    .put("acknowledgedAt", now.toString());
            return after;
        });
    }

    /** All that are acknowledged now: an array {@code findings} of code, subject, until, by and acknowledgedAt. */
    public ObjectNode list() {
        Instant now = clock.instant();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode findings = json.putArray("findings");
        records.read(KEY).path("findings").forEach(finding -> {
            if (isCurrent(finding, now)) {
                findings.add(finding);
            }
        });
        return json;
    }

    /** Turns findings that are acknowledged now into such; leaves the others. Asks the bucket once, here. */
    public UnaryOperator<Finding> current() {
        Map<String, Instant> until = new HashMap<>();
        list().path("findings")
                .forEach(finding -> until.put(
                        finding.path("code").asText() + " "
                                + finding.path("subject").asText(),
                        Instant.parse(finding.path("until").asText())));
        return finding -> {
            Instant acknowledgedUntil = until.get(finding.code().name() + " " + finding.subject());
            return acknowledgedUntil == null
                    ? finding
                    : new Finding(
                            FindingCode.ACKNOWLEDGED,
                            finding.subject(),
                            "%s, acknowledged until %s: %s"
                                    .formatted(finding.code(), acknowledgedUntil, finding.problem()));
        };
    }

    private static boolean isCurrent(JsonNode finding, Instant now) {
        return MetadataStore.parseTime(finding, "until").filter(now::isBefore).isPresent();
    }
}
