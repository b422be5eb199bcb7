package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Converts progress to and from JSON, in records and responses. */
final class ProgressJson {
    private ProgressJson() {}

    /** Adds the progress to the object, with the average rate over the elapsed time. */
    static void put(ObjectNode root, ProgressTracker.Progress progress, Duration elapsed) {
        root.put("phase", progress.phase());
        root.putObject("objects").put("done", progress.objectsDone()).put("total", progress.objectsTotal());
        root.putObject("bytes").put("done", progress.bytesDone()).put("total", progress.bytesTotal());
        root.putObject("rate")
                .put("objectsPerSecond", perSecond(progress.objectsDone(), elapsed))
                .put("bytesPerSecond", perSecond(progress.bytesDone(), elapsed));
        ObjectNode findings = root.putObject("findings");
        ObjectNode counts = findings.putObject("counts");
        new TreeMap<>(progress.findingCounts()).forEach((code, count) -> counts.put(code.name(), count));
        ArrayNode first = findings.putArray("first");
        progress.firstFindings().forEach(finding -> first.add(finding.json()));
    }

    /** Rounded to a tenth; 0 in the first second, when a rate means nothing. */
    private static double perSecond(long count, Duration elapsed) {
        return elapsed.toSeconds() < 1 ? 0 : Math.round(10_000.0 * count / elapsed.toMillis()) / 10.0;
    }

    /** Parses the progress; omits findings with codes that only a newer version has. */
    static ProgressTracker.Progress parse(JsonNode root) {
        JsonNode objects = root.path("objects");
        JsonNode bytes = root.path("bytes");
        return new ProgressTracker.Progress(
                root.path("phase").asText(),
                objects.path("done").asLong(),
                objects.path("total").asLong(),
                bytes.path("done").asLong(),
                bytes.path("total").asLong(),
                parseCounts(root.path("findings").path("counts")),
                parseFindings(root.path("findings").path("first")));
    }

    private static Map<FindingCode, Long> parseCounts(JsonNode node) {
        Map<FindingCode, Long> counts = new EnumMap<>(FindingCode.class);
        for (FindingCode code : FindingCode.values()) {
            if (node.has(code.name())) {
                counts.put(code, node.path(code.name()).asLong());
            }
        }
        return counts;
    }

    private static List<Finding> parseFindings(JsonNode node) {
        List<Finding> first = new ArrayList<>();
        for (JsonNode entry : node) {
            Finding.parse(entry).ifPresent(first::add);
        }
        return first;
    }
}
