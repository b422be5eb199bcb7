package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.stream.Collectors;

/** Prints a finished operation in a few lines. */
final class ResultPrinter {
    private ResultPrinter() {}

    static void print(JsonNode operation, PrintWriter out) {
        out.printf(
                "%s %s %s: %d objects, %d bytes%n",
                operation.path("kind").asText(),
                operation.path("id").asText(),
                operation.path("state").asText(),
                operation.at("/objects/done").asLong(),
                operation.at("/bytes/done").asLong());
        JsonNode summary = operation.path("summary");
        if (summary.has("classes")) {
            reconciliation(summary, out);
        }
        if (summary.has("failed")) {
            drill(summary, out);
        }
        imageStreams(summary, out);
        if (operation.has("reason")) {
            out.println(text(operation, "reason"));
        }
        findings(operation, out);
        for (JsonNode report : operation.at("/summary/reports")) {
            out.println("Report: " + report.asText());
        }
    }

    private static void drill(JsonNode summary, PrintWriter out) {
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

    private static String text(JsonNode json, String name) {
        return TablePrinter.printable(json.path(name).asText());
    }

    private static void findings(JsonNode operation, PrintWriter out) {
        operation
                .at("/findings/counts")
                .properties()
                .forEach(count -> out.printf("%6d %s%n", count.getValue().asLong(), count.getKey()));
        for (JsonNode finding : operation.at("/findings/first")) {
            out.printf("       %s %s: %s%n", text(finding, "code"), text(finding, "subject"), text(finding, "problem"));
        }
    }

    private static void imageStreams(JsonNode summary, PrintWriter out) {
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

    private static void reconciliation(JsonNode summary, PrintWriter out) {
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
}
