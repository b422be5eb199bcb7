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
 * The record in the backup bucket of findings that an operator acknowledged until a date. Until then they are reported
 * as {@link FindingCode#ACKNOWLEDGED}, so that they fire no alert; afterwards under their own code again. Safe for use
 * by many threads; blocks; each method throws {@link ObjectStoreException} if the bucket did not answer.
 */
public final class AcknowledgedFindings {
    /** The key of the record. */
    static final String KEY = RegistryLayout.METADATA_PREFIX + "acknowledged-findings";

    private final MetadataStore records;
    private final Clock clock;

    /** Uses the record in this bucket; the clock decides which findings are acknowledged now. */
    public AcknowledgedFindings(ObjectStore backup, Clock clock) {
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /**
     * Acknowledges a finding, or changes its expiry. Deletes expired ones from the record.
     *
     * @param subject the finding's subject, as in reports
     * @param by who acknowledges it, for people
     * @return all findings that are acknowledged now, as {@link #list}
     * @throws IllegalArgumentException if the time is not after now
     */
    public ObjectNode acknowledge(FindingCode code, String subject, Instant until, String by) {
        Instant now = clock.instant();
        if (!until.isAfter(now)) {
            throw new IllegalArgumentException(
                    "The acknowledgement of a finding must expire in the future, not at " + until);
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

    /** All findings acknowledged now: an array {@code findings} of code, subject, until, by and acknowledgedAt. */
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

    /** Returns a function that changes the code of findings acknowledged now. Reads the record once, in this call. */
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
