package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.replication.LatencyHistogram;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Template data of the history: whether all went well since yesterday, and a chart of each figure. */
final class HistoryData {
    private final LocalDate today;
    private final SortedMap<LocalDate, JsonNode> reconciliations;
    private final SortedMap<LocalDate, JsonNode> verifications;
    private final SortedMap<LocalDate, LatencyHistogram> latencies;

    private HistoryData(BackupStatus backupStatus, LocalDate today) {
        this.today = today;
        this.reconciliations = backupStatus.reconciledDays().value().orElseGet(TreeMap::new);
        this.verifications = backupStatus.verifiedDays().value().orElseGet(TreeMap::new);
        this.latencies = backupStatus.latencies().value().orElseGet(TreeMap::new);
    }

    static Map<String, Object> of(BackupStatus backupStatus, Instant now) {
        HistoryData history = new HistoryData(backupStatus, DailyHistory.day(now));
        boolean isKnown = backupStatus.reconciledDays().value().isPresent()
                && backupStatus.verifiedDays().value().isPresent()
                && backupStatus.latencies().value().isPresent();
        return Map.of(
                "level",
                (isKnown ? history.level() : Level.UNKNOWN).data(),
                "sentence",
                isKnown ? history.sentence() : "some of the figures could not be read",
                "since",
                history.yesterday().toString(),
                "charts",
                List.of(
                        history.restorable(),
                        history.reconciled(),
                        history.missedByEvents(),
                        history.latency(),
                        history.objects()));
    }

    private LocalDate yesterday() {
        return today.minusDays(1);
    }

    private Optional<JsonNode> lastVerified() {
        return verifications.tailMap(yesterday()).values().stream().reduce((one, later) -> later);
    }

    private Level level() {
        SortedMap<LocalDate, JsonNode> reconciled = reconciliations.tailMap(yesterday());
        Level restorable = lastVerified().map(HistoryData::restorableLevel).orElse(Level.WARN);
        boolean isReconciled =
                !reconciled.isEmpty() && incomplete(reconciled) == 0 && sum(reconciled, "missedByEvents") == 0;
        return restorable == Level.GOOD && !isReconciled ? Level.WARN : restorable;
    }

    private String sentence() {
        SortedMap<LocalDate, JsonNode> reconciled = reconciliations.tailMap(yesterday());
        long incomplete = incomplete(reconciled);
        LatencyHistogram latency = new LatencyHistogram();
        latencies.tailMap(yesterday()).values().forEach(latency::add);
        return String.join(
                "; ",
                lastVerified().map(HistoryData::restorableText).orElse("no verification of everything"),
                reconciled.isEmpty()
                        ? "no reconciliation"
                        : Formats.count(sum(reconciled, "runs"), "reconciliation")
                                + (incomplete == 0
                                        ? ", all complete"
                                        : ", " + Formats.number(incomplete) + " incomplete")
                                + "; "
                                + Formats.count(sum(reconciled, "missedByEvents"), "object")
                                + " missed by events",
                latency.objects() == 0
                        ? "no objects by events"
                        : Formats.count(latency.objects(), "object") + " by events, " + latencyText(latency));
    }

    private static long sum(SortedMap<LocalDate, JsonNode> days, String figure) {
        return days.values().stream()
                .mapToLong(day -> day.path(figure).asLong())
                .sum();
    }

    private static long incomplete(SortedMap<LocalDate, JsonNode> days) {
        return sum(days, "runs") - sum(days, "complete");
    }

    private Map<String, Object> restorable() {
        Chart chart = new Chart("Share of images that can be restored", today);
        verifications.forEach((day, figures) -> {
            long images = images(figures);
            long perMille = images == 0 ? 0 : 1_000 * image(figures, "complete") / images;
            chart.add(day, perMille, restorableLevel(figures), completeOf(figures));
        });
        return chart.data();
    }

    private static long image(JsonNode figures, String state) {
        return figures.path("images").path(state).asLong();
    }

    private static long images(JsonNode figures) {
        return image(figures, "complete") + image(figures, "incomplete") + image(figures, "unknown");
    }

    private static Level restorableLevel(JsonNode figures) {
        if (image(figures, "incomplete") > 0) {
            return Level.BAD;
        }
        return image(figures, "unknown") > 0 ? Level.WARN : Level.GOOD;
    }

    private static String restorableText(JsonNode figures) {
        return completeOf(figures) + " can be restored";
    }

    private static String completeOf(JsonNode figures) {
        return "%s of %s"
                .formatted(Formats.number(image(figures, "complete")), Formats.count(images(figures), "image"));
    }

    private Map<String, Object> reconciled() {
        Chart chart = new Chart("Longest reconciliation of the day", today);
        reconciliations.forEach((day, figures) -> {
            long runs = figures.path("runs").asLong();
            long complete = figures.path("complete").asLong();
            long seconds = figures.path("longestSeconds").asLong();
            chart.add(
                    day,
                    seconds,
                    complete < runs ? Level.WARN : Level.GOOD,
                    "%s, %s of %s complete"
                            .formatted(
                                    Formats.length(Duration.ofSeconds(seconds)),
                                    Formats.number(complete),
                                    Formats.number(runs)));
        });
        return chart.data();
    }

    private Map<String, Object> missedByEvents() {
        Chart chart = new Chart("Objects missed by events", today);
        reconciliations.forEach((day, figures) -> {
            long missed = figures.path("missedByEvents").asLong();
            chart.add(day, missed, missed > 0 ? Level.WARN : Level.GOOD, Formats.count(missed, "object"));
        });
        return chart.data();
    }

    private Map<String, Object> latency() {
        Chart chart = new Chart("From event to durable, p99 and p50", today);
        latencies.forEach((day, histogram) -> {
            chart.addPlain(day, millis(histogram, 0.99), latencyText(histogram));
            chart.addInFront(day, millis(histogram, 0.5), latencyText(histogram));
        });
        return chart.data();
    }

    private Map<String, Object> objects() {
        Chart chart = new Chart("Objects by events", today);
        latencies.forEach((day, histogram) ->
                chart.addPlain(day, histogram.objects(), Formats.count(histogram.objects(), "object")));
        return chart.data();
    }

    private static long millis(LatencyHistogram histogram, double share) {
        return histogram.percentile(share).orElse(Duration.ZERO).toMillis();
    }

    private static String latencyText(LatencyHistogram histogram) {
        return "p99 %s, p50 %s"
                .formatted(Formats.latency(millis(histogram, 0.99)), Formats.latency(millis(histogram, 0.5)));
    }
}
