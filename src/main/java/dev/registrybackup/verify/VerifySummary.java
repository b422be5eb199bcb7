package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.Severity;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The summary of a verification.
 *
 * @param request the request as received
 * @param isOpenShift whether it is OpenShift's registry, which decides severities
 * @param startedAt when it started, UTC
 * @param finishedAt when it finished, UTC
 * @param objects how many links and blobs were verified
 * @param bytes how many bytes of manifests and blobs were read
 * @param images how many images are complete, incomplete and unknown
 * @param imageStreamCounts the counts of ImageStream items, if a snapshot was verified
 * @param findings how many findings of each code there are
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
    /** Copies the map. */
    public VerifySummary {
        findings = Map.copyOf(findings);
    }

    /** How many findings of each severity there are. */
    public Map<Severity, Long> severities() {
        Map<Severity, Long> counts = new EnumMap<>(Severity.class);
        findings.forEach((code, count) -> counts.merge(code.severity(isOpenShift), count, Long::sum));
        return counts;
    }

    /** Whether there is a critical, error or warning finding. */
    public boolean hasFindings() {
        Map<Severity, Long> counts = severities();
        return counts.containsKey(Severity.CRITICAL)
                || counts.containsKey(Severity.ERROR)
                || counts.containsKey(Severity.WARNING);
    }

    /** Whether some result could not be determined. */
    public boolean hasUnknown() {
        return findings.containsKey(FindingCode.UNDETERMINED);
    }

    /** {@code findings} if {@link #hasFindings}, else {@code unknown} if {@link #hasUnknown}, else {@code ok}. */
    public String outcome() {
        if (hasFindings()) {
            return "findings";
        }
        return hasUnknown() ? "unknown" : "ok";
    }

    /**
     * The summary of a divided verification.
     *
     * @param shares the {@link #json} of each index
     * @param findings how many findings of each code there are when all are merged
     */
    static VerifySummary merge(
            VerifyRequest request, boolean isOpenShift, List<ObjectNode> shares, Map<FindingCode, Long> findings) {
        return new VerifySummary(
                request,
                isOpenShift,
                times(shares, "startedAt").min(Comparator.naturalOrder()).orElseThrow(),
                times(shares, "finishedAt").max(Comparator.naturalOrder()).orElseThrow(),
                shares.stream()
                        .mapToLong(share -> share.path("objects").asLong())
                        .sum(),
                shares.stream().mapToLong(share -> share.path("bytes").asLong()).sum(),
                shares.stream()
                        .map(share -> ImageCounts.parse(share.path("images")))
                        .reduce(ImageCounts.NONE, ImageCounts::plus),
                shares.stream()
                        .filter(share -> share.has("imageStreams"))
                        .map(share -> ImageStreamCounts.parse(share.path("imageStreams")))
                        .reduce(ImageStreamCounts::plus),
                findings);
    }

    private static Stream<Instant> times(List<ObjectNode> shares, String field) {
        return shares.stream().map(share -> Instant.parse(share.path(field).asText()));
    }

    /** The JSON form in reports and operation records. */
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
