package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.replication.LatencyHistogram;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Template data of the history: whether all went well since yesterday, and a chart of each figure. */
final class HistoryData {
    private final LocalDate today;
    private final SortedMap<LocalDate, JsonNode> reconciliations;
    private final SortedMap<LocalDate, JsonNode> verifications;
    private final SortedMap<LocalDate, JsonNode> drills;
    private final SortedMap<LocalDate, LatencyHistogram> latencies;

    private HistoryData(BackupStatus backupStatus, LocalDate today) {
        this.today = today;
        this.reconciliations = backupStatus.reconciledDays().value().orElseGet(TreeMap::new);
        this.verifications = backupStatus.verifiedDays().value().orElseGet(TreeMap::new);
        this.drills = backupStatus.drilledDays().value().orElseGet(TreeMap::new);
        this.latencies = backupStatus.latencies().value().orElseGet(TreeMap::new);
    }

    static Map<String, Object> of(BackupStatus backupStatus, Instant now) {
        HistoryData history = new HistoryData(backupStatus, DailyHistory.day(now));
        boolean isKnown = backupStatus.reconciledDays().value().isPresent()
                && backupStatus.verifiedDays().value().isPresent()
                && backupStatus.drilledDays().value().isPresent()
                && backupStatus.latencies().value().isPresent();
        Map<String, Object> data = new HashMap<>();
        data.put("level", (isKnown ? history.level() : Level.UNKNOWN).data());
        data.put("sentence", isKnown ? history.sentence() : "some of the figures could not be read");
        data.put("since", history.yesterday().toString());
        data.put("charts", history.charts());
        return data;
    }

    private LocalDate yesterday() {
        return today.minusDays(1);
    }

    /** The chart of ImageStreams is only there if some were verified. */
    private List<Map<String, Object>> charts() {
        List<Map<String, Object>> charts = new ArrayList<>();
        charts.add(restorable());
        if (verifications.values().stream().anyMatch(HistoryData::hasItems)) {
            charts.add(restorableItems());
        }
        charts.addAll(List.of(reconciled(), missedByEvents(), latency(), objects(), drilled()));
        return charts;
    }

    private Optional<JsonNode> lastSinceYesterday(SortedMap<LocalDate, JsonNode> days) {
        return days.tailMap(yesterday()).values().stream().reduce((one, later) -> later);
    }

    /** The worst of all that is known since yesterday; a drill does not have to run, as the others do. */
    private Level level() {
        Optional<JsonNode> verified = lastSinceYesterday(verifications);
        SortedMap<LocalDate, JsonNode> reconciled = reconciliations.tailMap(yesterday());
        boolean isReconciled =
                !reconciled.isEmpty() && incomplete(reconciled) == 0 && sum(reconciled, "missedByEvents") == 0;
        return Stream.of(
                        verified.map(HistoryData::imagesLevel).orElse(Level.WARN),
                        verified.map(HistoryData::itemsLevel).orElse(Level.WARN),
                        isReconciled ? Level.GOOD : Level.WARN,
                        lastSinceYesterday(drills).map(HistoryData::drillLevel).orElse(Level.GOOD))
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    private String sentence() {
        SortedMap<LocalDate, JsonNode> reconciled = reconciliations.tailMap(yesterday());
        long incomplete = incomplete(reconciled);
        LatencyHistogram latency = new LatencyHistogram();
        latencies.tailMap(yesterday()).values().forEach(latency::add);
        String figures = String.join(
                "; ",
                lastSinceYesterday(verifications)
                        .map(HistoryData::restorableText)
                        .orElse("no verification of everything"),
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
        return figures
                + lastSinceYesterday(drills)
                        .map(drill -> "; restore drill: " + drilledImages(drill))
                        .orElse("");
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
        verifications.forEach((day, figures) -> chart.add(
                day,
                perMille(completeImages(figures), images(figures)),
                imagesLevel(figures).style(),
                imagesText(figures)));
        return chart.data();
    }

    private Map<String, Object> restorableItems() {
        Chart chart = new Chart("Share of ImageStream items that can be restored", today);
        verifications.forEach((day, figures) -> {
            if (hasItems(figures)) {
                chart.add(
                        day,
                        perMille(restorableItems(figures), items(figures)),
                        itemsLevel(figures).style(),
                        itemsText(figures));
            }
        });
        return chart.data();
    }

    private static long perMille(long part, long all) {
        return all == 0 ? 0 : 1_000 * part / all;
    }

    private static long completeImages(JsonNode figures) {
        return figures.path("images").path("complete").asLong();
    }

    private static long images(JsonNode figures) {
        JsonNode images = figures.path("images");
        return completeImages(figures)
                + images.path("incomplete").asLong()
                + images.path("unknown").asLong();
    }

    private static Level imagesLevel(JsonNode figures) {
        if (figures.path("images").path("incomplete").asLong() > 0) {
            return Level.BAD;
        }
        return completeImages(figures) < images(figures) ? Level.WARN : Level.GOOD;
    }

    private static String imagesText(JsonNode figures) {
        return "%s of %s".formatted(Formats.number(completeImages(figures)), Formats.count(images(figures), "image"));
    }

    private static boolean hasItems(JsonNode figures) {
        return figures.has("imageStreams");
    }

    private static long restorableItems(JsonNode figures) {
        return figures.path("imageStreams").path("restorable").asLong();
    }

    /** The items that must be restorable: an image that is only imported is not in the registry. */
    private static long items(JsonNode figures) {
        return figures.path("imageStreams").path("managed").asLong();
    }

    private static Level itemsLevel(JsonNode figures) {
        if (figures.path("imageStreams").path("unrestorable").asLong() > 0) {
            return Level.BAD;
        }
        return restorableItems(figures) < items(figures) ? Level.WARN : Level.GOOD;
    }

    private static String itemsText(JsonNode figures) {
        return "%s of %s"
                .formatted(Formats.number(restorableItems(figures)), Formats.count(items(figures), "ImageStream item"));
    }

    private static String restorableText(JsonNode figures) {
        return imagesText(figures) + (hasItems(figures) ? " and " + itemsText(figures) : "") + " can be restored";
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
                    (complete < runs ? Level.WARN : Level.GOOD).style(),
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
            chart.add(day, missed, (missed > 0 ? Level.WARN : Level.GOOD).style(), Formats.count(missed, "object"));
        });
        return chart.data();
    }

    private Map<String, Object> latency() {
        Chart chart = new Chart("From event to durable, p99 and p50", today);
        latencies.forEach((day, histogram) -> {
            chart.add(day, millis(histogram, 0.99), Chart.PLAIN, latencyText(histogram));
            chart.add(day, millis(histogram, 0.5), Chart.FRONT, latencyText(histogram));
        });
        return chart.data();
    }

    private Map<String, Object> objects() {
        Chart chart = new Chart("Objects by events", today);
        latencies.forEach((day, histogram) ->
                chart.add(day, histogram.objects(), Chart.PLAIN, Formats.count(histogram.objects(), "object")));
        return chart.data();
    }

    private Map<String, Object> drilled() {
        Chart chart = new Chart("Restore of everything, by drills", today);
        drills.forEach((day, figures) -> {
            Duration everything =
                    Duration.ofSeconds(figures.path("expectedRestoreSeconds").asLong());
            String measured = "about %s, %s a second"
                    .formatted(
                            Formats.length(everything),
                            Formats.size(figures.path("bytesPerSecond").asLong()));
            chart.add(
                    day,
                    everything.toSeconds(),
                    drillLevel(figures).style(),
                    drillLevel(figures) == Level.GOOD ? measured : drilledImages(figures));
        });
        return chart.data();
    }

    private static Level drillLevel(JsonNode figures) {
        return figures.path("failed").asLong() == 0 ? Level.GOOD : Level.BAD;
    }

    private static String drilledImages(JsonNode figures) {
        long failed = figures.path("failed").asLong();
        return failed == 0
                ? Formats.count(figures.path("images").asLong(), "image") + " restored"
                : Formats.count(failed, "image") + " could not be restored";
    }

    private static long millis(LatencyHistogram histogram, double share) {
        return histogram.percentile(share).orElse(Duration.ZERO).toMillis();
    }

    private static String latencyText(LatencyHistogram histogram) {
        return "p99 %s, p50 %s"
                .formatted(Formats.latency(millis(histogram, 0.99)), Formats.latency(millis(histogram, 0.5)));
    }
}
