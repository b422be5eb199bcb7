package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.Severity;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a verification ended.
 *
 * @param request what was asked
 * @param isOpenShift whose grades hold
 * @param startedAt when it began, UTC
 * @param finishedAt when it ended, UTC
 * @param objects how many links and blobs were looked at
 * @param bytes how many bytes of manifests and blobs were read
 * @param images how many images have all they need
 * @param imageStreamCounts what became of the items of ImageStreams, if a snapshot of them was looked at
 * @param findings how many findings there are of each code
 */
public record VerifySummary(
        VerifyRequest request,
        boolean isOpenShift,
        Instant startedAt,
        Instant finishedAt,
        long objects,
        long bytes,
        ImageCounts images,
        Optional<ImageStreamCounts> imageStreamCounts,
        Map<FindingCode, Long> findings) {
    /** Keeps its own copy of the map. */
    public VerifySummary {
        findings = Map.copyOf(findings);
    }

    /** How many findings there are of each severity. */
    public Map<Severity, Long> severities() {
        Map<Severity, Long> counts = new EnumMap<>(Severity.class);
        findings.forEach((code, count) -> counts.merge(code.severity(isOpenShift), count, Long::sum));
        return counts;
    }

    /** Whether there is a finding that is worth a look: critical, error or warning. */
    public boolean hasFindings() {
        Map<Severity, Long> counts = severities();
        return counts.containsKey(Severity.CRITICAL)
                || counts.containsKey(Severity.ERROR)
                || counts.containsKey(Severity.WARNING);
    }

    /** Whether there is something that could not be told. */
    public boolean hasUnknown() {
        return findings.containsKey(FindingCode.UNDETERMINED);
    }

    /** {@code findings} if there are any worth a look, else {@code could-not-tell}, else {@code good}. */
    public String outcome() {
        if (hasFindings()) {
            return "findings";
        }
        return hasUnknown() ? "unknown" : "ok";
    }

    /** The form in which reports and operations have it. */
    public ObjectNode json() {
        ObjectNode json = request.json();
        json.put("startedAt", startedAt.toString()).put("finishedAt", finishedAt.toString());
        json.put("objects", objects).put("bytes", bytes);
        json.putObject("images")
                .put("complete", images.complete())
                .put("incomplete", images.incomplete())
                .put("unknown", images.unknown());
        imageStreamCounts.ifPresent(items -> json.set("imageStreams", items.json()));
        ObjectNode codes = json.putObject("findings");
        new TreeMap<>(findings).forEach((code, count) -> codes.put(code.name(), count));
        ObjectNode grades = json.putObject("severities");
        severities().forEach((severity, count) -> grades.put(severity.label(), count));
        return json.put("outcome", outcome());
    }
}
