package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Prints answers for people: an operation in a few lines, all else as tables. Control characters of values are printed
 * as {@code ?}, so that a name in the bucket cannot drive a terminal.
 */
record ResultPrinter(PrintWriter out) {
    /** A finished operation in a few lines. */
    void operation(JsonNode operation) {
        out.printf(
                "%s %s %s: %d objects, %d bytes%n",
                operation.path("kind").asText(),
                operation.path("id").asText(),
                operation.path("state").asText(),
                operation.at("/objects/done").asLong(),
                operation.at("/bytes/done").asLong());
        JsonNode summary = operation.path("summary");
        if (summary.has("classes")) {
            reconciliation(summary);
        }
        if (summary.has("failed")) {
            drill(summary);
        }
        imageStreams(summary);
        if (operation.has("reason")) {
            out.println(text(operation, "reason"));
        }
        findings(operation);
        for (JsonNode report : operation.at("/summary/reports")) {
            out.println("Report: " + report.asText());
        }
    }

    private void drill(JsonNode summary) {
        out.printf(
                "%d images, %d failed%n",
                summary.path("images").asLong(), summary.path("failed").asLong());
        if (summary.has("expectedRestoreSeconds")) {
            out.printf(
                    "At %d bytes/s a restore of everything (%d bytes) would take %d s%n",
                    summary.path("bytesPerSecond").asLong(),
                    summary.at("/backup/bytes").asLong(),
                    summary.path("expectedRestoreSeconds").asLong());
        }
    }

    private void findings(JsonNode operation) {
        operation
                .at("/findings/counts")
                .properties()
                .forEach(count -> out.printf("%6d %s%n", count.getValue().asLong(), count.getKey()));
        for (JsonNode finding : operation.at("/findings/first")) {
            out.printf("       %s %s: %s%n", text(finding, "code"), text(finding, "subject"), text(finding, "problem"));
        }
    }

    private void imageStreams(JsonNode summary) {
        if (summary.has("imageStreams")) {
            out.println("ImageStreams: " + figures(summary.path("imageStreams")));
        }
        if (summary.has("cluster")) {
            out.println("ImageStreams restored: " + figures(summary.path("cluster")));
        }
    }

    /** Each figure with its name: {@code streams 2, streamsCreated 1}. */
    private static String figures(JsonNode figures) {
        return figures.properties().stream()
                .map(figure -> figure.getKey() + " " + figure.getValue().asText())
                .collect(Collectors.joining(", "));
    }

    private void reconciliation(JsonNode summary) {
        out.printf(
                "rclone %s: %d differing, %d copied (%d bytes, %d objects missed by events), %d remaining, %d missing"
                        + " in the registry, %d pruned%n",
                summary.at("/rclone/version").asText(),
                summary.path("differing").asLong(),
                summary.path("copied").asLong(),
                summary.path("bytesCopied").asLong(),
                summary.path("missedByEvents").asLong(),
                summary.path("remaining").asLong(),
                summary.path("missingInRegistry").asLong(),
                summary.path("pruned").asLong());
        for (JsonNode alarm : summary.path("alarms")) {
            out.printf("ALARM %s: %s%n", text(alarm, "id"), text(alarm, "problem"));
        }
    }

    /** The checks, the remedy below each that did not pass, and whether the backup or restore is ready. */
    void preflight(JsonNode answer) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode check : answer.path("checks")) {
            rows.add(
                    List.of(text(check, "state").toUpperCase(Locale.ROOT), text(check, "check"), text(check, "found")));
            if (check.has("remedy")) {
                rows.add(List.of("", "", "-> " + text(check, "remedy")));
            }
        }
        print(List.of("STATE", "CHECK", "FOUND"), rows);
        out.println(answer.path("ready").asBoolean() ? "Ready." : "Not ready.");
    }

    void operations(JsonNode answer) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode operation : answer.path("operations")) {
            rows.add(List.of(
                    text(operation, "id"),
                    text(operation, "kind"),
                    text(operation, "state"),
                    ofTotal(operation.path("objects")),
                    size(operation.at("/bytes/done").asLong()),
                    text(operation, "requestedAt"),
                    text(operation, "requestedBy")));
        }
        print(List.of("ID", "KIND", "STATE", "OBJECTS", "SIZE", "REQUESTED AT", "BY"), rows);
    }

    /** A page of all repositories, and the command that prints the next one. */
    void repositories(JsonNode page) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode repository : page.path("repositories")) {
            boolean isKnown = !repository.has("problem");
            rows.add(List.of(
                    text(repository, "repository"),
                    isKnown ? text(repository, "restorable") + " of " + text(repository, "images") : "unknown",
                    text(repository, "tags"),
                    isKnown ? size(repository.path("size").asLong()) : "",
                    text(repository, "at"),
                    text(repository, "problem")));
        }
        print(List.of("REPOSITORY", "RESTORABLE", "TAGS", "SIZE", "AS OF", "PROBLEM"), rows);
        if (page.has("next")) {
            out.println("More: registry-backup catalog --after " + text(page, "next"));
        }
    }

    /** The images of one repository: by tag, then those without a tag. */
    void repository(JsonNode document) {
        Map<String, JsonNode> images = new HashMap<>();
        document.path("images").forEach(image -> images.put(text(image, "digest"), image));
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode tag : document.path("tags")) {
            rows.add(image(
                    text(tag, "tag"),
                    text(tag, "digest"),
                    images.getOrDefault(text(tag, "digest"), MissingNode.getInstance())));
        }
        for (JsonNode image : document.path("images")) {
            if (image.path("tags").isEmpty()) {
                rows.add(image("", text(image, "digest"), image));
            }
        }
        print(List.of("TAG", "RESTORABLE", "SIZE", "PLATFORMS", "DIGEST"), rows);
    }

    private static List<String> image(String tag, String digest, JsonNode image) {
        String restorable = "unknown";
        if (image.has("restorable")) {
            restorable = image.path("restorable").asBoolean()
                    ? "yes"
                    : "no, missing " + image.path("missing").size();
        } else if (image.isMissingNode()) {
            restorable = "no such image";
        }
        String platforms = image.path("platforms")
                .valueStream()
                .map(platform -> text(platform, "os") + "/" + text(platform, "architecture"))
                .distinct()
                .collect(Collectors.joining(","));
        return List.of(tag, restorable, size(image.path("size").asLong()), platforms, digest);
    }

    /** The text with {@code ?} instead of each control character. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    private static String text(JsonNode json, String name) {
        return printable(json.path(name).asText());
    }

    private static String ofTotal(JsonNode amount) {
        long total = amount.path("total").asLong();
        return amount.path("done").asLong() + (total > 0 ? " of " + total : "");
    }

    private static String size(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    /** Columns are as wide as their widest value; the last one and empty ones take no room. */
    private void print(List<String> header, List<List<String>> rows) {
        List<List<String>> lines = new ArrayList<>(List.of(header));
        lines.addAll(rows);
        int[] widths = new int[header.size()];
        for (int column = 0; column < widths.length; column++) {
            int at = column;
            boolean isEmpty = rows.stream().allMatch(row -> row.get(at).isEmpty());
            widths[column] = isEmpty
                    ? 0
                    : lines.stream()
                            .mapToInt(line -> line.get(at).length())
                            .max()
                            .orElse(0);
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                if (widths[column] > 0) {
                    String value = line.get(column);
                    text.append(value).append(" ".repeat(widths[column] - value.length() + 3));
                }
            }
            out.println(text.toString().stripTrailing());
        }
    }
}
