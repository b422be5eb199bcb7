package dev.registrybackup.bench;

import dev.registrybackup.bench.BesideRclone.Comparison;
import dev.registrybackup.bench.BesideRclone.DataSet;
import dev.registrybackup.bench.BesideRclone.Way;
import dev.registrybackup.bench.BesideRclone.Work;
import dev.registrybackup.bench.Latencies.Pair;
import dev.registrybackup.bench.Latencies.Series;
import dev.registrybackup.bench.Plot.Point;
import dev.registrybackup.bench.Throughput.Slice;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The report, in Markdown, section by section. */
final class Report {
    private final StringBuilder heading = new StringBuilder();
    private final StringBuilder text = new StringBuilder();

    private final Goals goals;

    /** Begins with what was measured on, and with the goals, which are added to it meanwhile. */
    Report(String stores, Scale scale, Goals goals) {
        this.goals = goals;
        heading.append("""
                # Benchmarks

                %s · JDK %s · %d processors · %s · product with `-Xmx128m` and `events.answer-within=%d s`%s

                Stores, product and load share one machine, and others share it with them: only ratios within one run \
                mean anything elsewhere and are to be quoted.

                """.formatted(
                        LocalDate.now(ZoneOffset.UTC),
                        System.getProperty("java.runtime.version"),
                        Runtime.getRuntime().availableProcessors(),
                        stores,
                        Events.ANSWER_WITHIN.toSeconds(),
                        scale.equals(Scale.full()) ? "" : " · **shortened run, no figures to quote**"));
    }

    /** What it takes to fill, verify and restore. */
    void besideRclone(Map<DataSet, Map<Way, Map<Work, Comparison>>> filled) {
        text.append("""

                ## Beside rclone

                Ours as a command with `-Xmx256m`, rclone between two remotes with 32 transfers of small objects and 8 of large \
                ones, by turns. rclone: `copy --fast-list --no-check-dest`; `check --fast-list` beside the idle run; `rclone cat` \
                into `sha256sum` beside the verification. "JVM image" is JDK 25 with the image's cache and the serial \
                collector, which a pod with one processor gets. Requests are ours, counted at a proxy in a round of its own: all of \
                them, listings and records too. MiB are `VmHWM`; ours and its rclone's in sum.

                | Data | What | Requests | an object | Ours, s | rclone, s | Ratio | Ours, processor s | rclone, processor s \
                | Ratio | Ours, MiB | rclone, MiB |
                |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
                """);
        filled.forEach((data, ways) -> ways.forEach((way, works) ->
                works.forEach((work, comparison) -> text.append("| %s | %s | %,d | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                way.labelOf(data),
                                work.label(),
                                comparison.requests(),
                                Figures.ratio((double) comparison.requests() / data.objects()),
                                beside(comparison, MeasuredProcess.ProcessMeasurement::seconds),
                                beside(comparison, MeasuredProcess.ProcessMeasurement::processor),
                                Figures.whole(median(comparison.ours(), Report::mebibytes)),
                                Figures.whole(median(comparison.rclone(), Report::mebibytes)))))));
        text.append("\n![Wall time and memory of a first fill over its size](benchmarks.svg)\n\n");
    }

    private static String beside(Comparison comparison, ToDoubleFunction<MeasuredProcess.ProcessMeasurement> figure) {
        List<Double> ratios = comparison.ratios(figure);
        return "%s | %s | **%s** (%s)"
                .formatted(
                        Figures.ratio(median(comparison.ours(), figure)),
                        Figures.ratio(median(comparison.rclone(), figure)),
                        Figures.ratio(Figures.median(ratios)),
                        Figures.range(ratios));
    }

    private static double median(
            List<MeasuredProcess.ProcessMeasurement> measured,
            ToDoubleFunction<MeasuredProcess.ProcessMeasurement> figure) {
        return Figures.median(measured.stream().mapToDouble(figure).boxed().toList());
    }

    private static double mebibytes(MeasuredProcess.ProcessMeasurement processMeasurement) {
        return (processMeasurement.own() + processMeasurement.children()) / 1024.0;
    }

    /** Wall time and memory of a first fill over the number of small objects, as SVG. */
    String plot(Map<DataSet, Map<Way, Map<Work, Comparison>>> filled) {
        Plot plot = new Plot();
        plot.add("First fill, s over objects", lines(filled, MeasuredProcess.ProcessMeasurement::seconds));
        plot.add("First fill, MiB over objects", lines(filled, Report::mebibytes));
        return plot.toString();
    }

    private static Map<String, List<Point>> lines(
            Map<DataSet, Map<Way, Map<Work, Comparison>>> filled,
            ToDoubleFunction<MeasuredProcess.ProcessMeasurement> figure) {
        Map<String, List<Point>> lines = new LinkedHashMap<>();
        filled.forEach((data, ways) -> ways.forEach((way, works) -> {
            Comparison comparison = works.get(Work.FIRST_FILL);
            if (comparison != null && !data.isLarge()) {
                String ours = way.label().isEmpty() ? "registry-backup" : "registry-backup, " + way.label();
                add(lines, ours, data, median(comparison.ours(), figure));
                if (way.label().isEmpty()) {
                    add(lines, "rclone", data, median(comparison.rclone(), figure));
                }
            }
        }));
        return lines;
    }

    private static void add(Map<String, List<Point>> lines, String name, DataSet data, double value) {
        lines.computeIfAbsent(name, first -> new ArrayList<>()).add(new Point(data.objects(), value));
    }

    /** How many requests each class of event causes. */
    void requests(Map<String, List<EventRequests>> rows, long housekeeping) {
        text.append("""
                ## Store requests per event

                Counted at a recording proxy before S3Proxy, each event alone, %d of each class; "or" where they differ. \
                The copy itself is one read and one write for each object written, for parts one of each a part, and \
                create and complete.

                | Event | Registry | Backup | Total | Copy itself | Beyond it |
                |---|---|---|---:|---:|---:|
                """.formatted(rows.values().iterator().next().size()));
        rows.forEach(this::requestRow);
        text.append("\nPer child of a manifest, from the difference of %d layers to %d:%n%n"
                .formatted(EventClasses.MANY, EventClasses.FEW));
        perChild(rows, "children remembered");
        perChild(rows, "children not remembered");
        perChild(rows, "before its children (copies them)");
        text.append("""

                Not counted: the product's housekeeping once a minute (%d requests meanwhile), and, with the first blob \
                after each start, a check whether everything in the backup is its own.

                """.formatted(housekeeping));
    }

    private void requestRow(String name, List<EventRequests> counted) {
        text.append("| %s | %s | %s | %s | %s | %s |%n"
                .formatted(
                        name,
                        either(counted.stream()
                                .map(one -> EventRequests.text(one.registry()))
                                .toList()),
                        either(counted.stream()
                                .map(one -> EventRequests.text(one.backup()))
                                .toList()),
                        either(counted.stream().map(EventRequests::total).toList()),
                        either(counted.stream().map(EventRequests::copy).toList()),
                        either(counted.stream()
                                .map(EventRequests::beyondTheCopy)
                                .toList())));
    }

    private void perChild(Map<String, List<EventRequests>> rows, String children) {
        double few = totals(rows, EventClasses.revision(EventClasses.FEW, children));
        double many = totals(rows, EventClasses.revision(EventClasses.MANY, children));
        double each = (many - few) / (EventClasses.MANY - EventClasses.FEW);
        text.append("- %s: %s requests each%n".formatted(children, Figures.ratio(each)));
    }

    private static double totals(Map<String, List<EventRequests>> rows, String name) {
        return rows.getOrDefault(name, List.of()).stream()
                .mapToInt(EventRequests::total)
                .average()
                .orElse(Double.NaN);
    }

    private static String either(List<?> values) {
        return values.stream().map(String::valueOf).distinct().collect(Collectors.joining(" or "));
    }

    /** Begins the section on time. */
    void latencyHeading(Scale scale) {
        text.append("""
                ## Event to durable

                From posting the notification to its 204, beside a GET and a PUT of the same object by the AWS SDK in the \
                load's JVM, which reads the object whole before it writes it, while the product does both at once above \
                1 MiB; %d rounds after one to warm up, first and second by turns. Milliseconds of all rounds \
                together; the ratio p50 is the median of the rounds' own ratios of medians, which drift between rounds \
                does not touch, and the last column the smallest and largest of them.

                | Store | Object | Concurrency | Objects | Bare p50 | Bare p99 | Product p50 | Product p99 | Ratio p50 \
                | Ratio p99 | By round |
                |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
                """.formatted(scale.rounds()));
    }

    /** One store's rows. */
    void latencies(String store, Map<Series, Pair> pairs) {
        pairs.forEach((series, pair) -> {
            double bareHalf = Figures.median(pair.bare());
            double bareMost = Figures.percentile(pair.bare(), 0.99);
            double half = Figures.median(pair.product());
            double most = Figures.percentile(pair.product(), 0.99);
            text.append("| %s | %s | %d | %d | %s | %s | %s | %s | **%s** | %s | %s |%n"
                    .formatted(
                            store,
                            series.objects(),
                            series.concurrency(),
                            pair.product().size(),
                            Figures.millis(bareHalf),
                            Figures.millis(bareMost),
                            Figures.millis(half),
                            Figures.millis(most),
                            Figures.ratio(Figures.median(pair.ratios())),
                            Figures.ratio(most / bareMost),
                            Figures.range(pair.ratios())));
        });
    }

    /** Begins the section on sustained load. */
    void throughputHeading(Scale scale) {
        text.append("""

                ## Sustained small objects

                Blobs of 4 KiB and their layer links, each a notification of its own, %d under way at any time; beside \
                it bare copies of the same objects, as many at a time. %d slices by turns of about %d s; medians.

                | Store | Objects | Bare copies a second | Events a second | Ratio | By slice |
                |---|---:|---:|---:|---:|---:|
                """.formatted(Throughput.CONCURRENCY, scale.slices(), scale.sliceSeconds()));
    }

    /** One store's row. */
    void throughput(String store, List<Slice> slices) {
        List<Double> ratios = slices.stream().map(Slice::ratio).toList();
        text.append("| %s | %d | %s | %s | **%s** | %s |%n"
                .formatted(
                        store,
                        slices.stream().mapToInt(Slice::objects).sum(),
                        Figures.whole(
                                Figures.median(slices.stream().map(Slice::bare).toList())),
                        Figures.whole(Figures.median(
                                slices.stream().map(Slice::product).toList())),
                        Figures.ratio(Figures.median(ratios)),
                        Figures.range(ratios)));
    }

    /** Says something between the tables. */
    void remark(String line) {
        text.append('\n').append(line).append('\n');
    }

    @Override
    public String toString() {
        return heading.toString() + goals + text;
    }
}
