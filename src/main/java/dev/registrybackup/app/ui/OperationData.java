package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Template data of operations. */
final class OperationData {
    private static final Set<String> ACTIVE = Set.of("pending", "running");

    private final Instant now;

    OperationData(Instant now) {
        this.now = now;
    }

    List<Map<String, Object>> list(JsonNode response) {
        return response.path("operations").valueStream().map(this::line).toList();
    }

    private Map<String, Object> line(JsonNode operation) {
        String state = operation.path("state").asText();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", operation.path("id").asText());
        line.put(
                "href",
                "/page/operation?id=" + Formats.query(operation.path("id").asText()));
        line.put("kind", operation.path("kind").asText());
        line.put("state", state);
        line.put("level", level(state).data());
        line.put("isAtWork", ACTIVE.contains(state));
        line.put("requestedBy", operation.path("requestedBy").asText());
        line.put("requestedAt", Formats.moment(operation, "requestedAt", now));
        line.put("phase", operation.path("phase").asText());
        line.put("objects", amount(operation.path("objects"), false));
        line.put("bytes", amount(operation.path("bytes"), true));
        line.put("percent", percent(operation.path("bytes"), operation.path("objects")));
        return line;
    }

    Map<String, Object> details(JsonNode operation) {
        Map<String, Object> data = new LinkedHashMap<>(line(operation));
        JsonNode run = operation.path("run");
        data.put("parameters", operation.path("parameters").toPrettyString());
        data.put("runner", run.path("runner").asText());
        data.put("startedAt", Formats.moment(run, "startedAt", now));
        data.put("heartbeatAt", Formats.moment(run, "heartbeatAt", now));
        data.put("finishedAt", Formats.moment(run, "finishedAt", now));
        data.put("reason", operation.path("reason").asText());
        data.put("summary", operation.has("summary") ? operation.path("summary").toPrettyString() : "");
        JsonNode findings = operation.path("findings");
        data.put(
                "counts",
                findings.path("counts")
                        .propertyStream()
                        .map(OperationData::count)
                        .toList());
        data.put(
                "findings",
                findings.path("first").valueStream().map(OperationData::finding).toList());
        return data;
    }

    private static Map<String, Object> count(Map.Entry<String, JsonNode> count) {
        return Map.of(
                "code", count.getKey(),
                "count", Formats.number(count.getValue().asLong()));
    }

    private static Map<String, Object> finding(JsonNode finding) {
        return Map.of(
                "code", finding.path("code").asText(),
                "subject", finding.path("subject").asText(),
                "problem", finding.path("problem").asText());
    }

    private static Level level(String state) {
        return switch (state) {
            case "succeeded", "running" -> Level.GOOD;
            case "pending", "cancelled", "incomplete" -> Level.WARN;
            case "failed", "lost" -> Level.BAD;
            default -> Level.UNKNOWN;
        };
    }

    private static String amount(JsonNode amount, boolean isBytes) {
        long done = amount.path("done").asLong();
        long total = amount.path("total").asLong();
        String text = isBytes ? Formats.size(done) : Formats.number(done);
        return total > 0 ? text + " of " + (isBytes ? Formats.size(total) : Formats.number(total)) : text;
    }

    /** By bytes if their total is known, otherwise by objects; empty if neither is known. */
    private static String percent(JsonNode bytes, JsonNode objects) {
        JsonNode measure = bytes.path("total").asLong() > 0 ? bytes : objects;
        long total = measure.path("total").asLong();
        long done = Math.min(total, measure.path("done").asLong());
        return total > 0 ? Long.toString((long) (100.0 * done / total)) : "";
    }
}
