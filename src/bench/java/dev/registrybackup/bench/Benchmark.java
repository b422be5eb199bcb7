package dev.registrybackup.bench;

import dev.registrybackup.bench.BesideRclone.Comparison;
import dev.registrybackup.bench.BesideRclone.DataSet;
import dev.registrybackup.bench.BesideRclone.Way;
import dev.registrybackup.bench.BesideRclone.Work;
import dev.registrybackup.bench.Latencies.Pair;
import dev.registrybackup.bench.Latencies.Series;
import dev.registrybackup.bench.Throughput.Slice;
import dev.registrybackup.lab.Product;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Compares the product with rclone and with bare copies: time, processors, memory and requests. Prints the report and
 * writes it to {@code target/bench/benchmarks.md}, with the plot in {@code benchmarks.svg}; shows progress on standard
 * error.
 */
public final class Benchmark {
    private static final Path DIRECTORY = Path.of("target", "bench");
    private static final List<String> NO_MORE_THAN_THE_COPY = List.of(
            "blob, 4 KiB",
            "blob, 40 MiB in two parts",
            "layer link, blob just copied",
            "tag index link, revision remembered");
    private static final List<String> ONE_MORE =
            List.of("revision link, 2 layers, children remembered", "tag current link, new, revision remembered");

    private final Scale scale = Scale.configured();
    private final boolean withCeph = Stores.hasCephRgw();
    private final Goals goals = new Goals();

    private Benchmark() {}

    /** Runs the benchmark; with the system property {@code bench.quick} a short run that only shows that it works. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        quietLogging();
        Files.createDirectories(DIRECTORY.toAbsolutePath());
        String report = new Benchmark().run();
        System.out.println(report);
        Files.writeString(DIRECTORY.resolve("benchmarks.md"), report);
        System.exit(0);
    }

    /** Without a configuration the log manager has clients format every byte they move, which slows bare copies alone. */
    private static void quietLogging() {
        Logger.getLogger("").setLevel(Level.WARNING);
        if (Logger.getLogger("org.apache.http.wire").isLoggable(Level.FINE)) {
            throw new IllegalStateException("The bytes on the wire are logged: bare copies would look slow");
        }
    }

    /** The results of one store. */
    private record StoreMeasurement(String store, Map<Series, Pair> latencies, List<Slice> slices) {}

    private String run() throws IOException, InterruptedException {
        Report report = new Report(versions(withCeph), scale, goals);
        Map<DataSet, Map<Way, Map<Work, Comparison>>> filled = new LinkedHashMap<>();
        List<Way> ways = ways();
        for (DataSet data : scale.dataSets()) {
            progress(data.label() + " beside rclone");
            try (Stores stores = gatewayOrProxy()) {
                filled.put(data, BesideRclone.measure(stores, data, scale.turns(), ways));
                filled.get(data).forEach((way, works) -> addGoals(data, way, works));
            }
        }
        report.besideRclone(filled);
        Files.writeString(DIRECTORY.resolve("benchmarks.svg"), report.plot(filled));
        List<StoreMeasurement> all = new ArrayList<>();
        all.add(measure(Stores::s3Proxy));
        if (withCeph) {
            all.add(measure(Stores::cephRgw));
        }
        report.latencyHeading(scale);
        all.forEach(one -> report.latencies(one.store(), one.latencies()));
        report.throughputHeading(scale);
        all.forEach(one -> report.throughput(one.store(), one.slices()));
        addGoals(all.get(all.size() - 1));
        progress("counting requests");
        try (RequestCounts counts = new RequestCounts(Stores.s3Proxy(), scale.samples())) {
            Map<String, List<EventRequests>> rows = counts.measure();
            report.requests(rows, counts.housekeeping());
            NO_MORE_THAN_THE_COPY.forEach(event -> addGoal(event, 0, rows));
            ONE_MORE.forEach(event -> addGoal(event, 1, rows));
        }
        progress("timing starts");
        try (Stores stores = Stores.s3Proxy()) {
            Starts starts = Starts.measure(stores, newerJava(), scale.turns());
            starts.idleCommands().forEach((name, measured) -> {
                goals.atMost("`catalog` of an empty backup, " + name + ", s", 1.2, seconds(measured));
                goals.atMost(
                        "the same, processor s",
                        2,
                        measured.stream()
                                .map(MeasuredProcess.ProcessMeasurement::processor)
                                .toList());
            });
            starts.secondsToFirstEvent()
                    .forEach((name, seconds) -> goals.atMost(
                            "start to first durable event, " + name + ", s", name.contains("AOT") ? 1 : 2.5, seconds));
            report.remark(starts.report());
        }
        if (!withCeph) {
            report.remark("Ceph RGW was skipped: `radosgw` is not on the PATH.");
        }
        progress("done");
        return report.toString();
    }

    /** As it was built, and as the JVM image runs it in a pod with one processor, if there is its JDK. */
    private static List<Way> ways() throws IOException, InterruptedException {
        List<Way> ways = new ArrayList<>();
        ways.add(new Way("", Product.command(List.of("-Xmx256m"))));
        Optional<Path> newer = newerJava();
        if (newer.isPresent()) {
            ways.add(new Way(
                    "JVM image",
                    List.of(
                            newer.get().toString(),
                            "-XX:AOTCache=" + Starts.trained(newer.get()),
                            "-XX:+UseSerialGC",
                            "-XX:-UsePerfData",
                            "-Xmx256m",
                            "-jar",
                            Starts.JAR.toString())));
        }
        return ways;
    }

    private Stores gatewayOrProxy() {
        return withCeph ? Stores.cephRgw() : Stores.s3Proxy();
    }

    private static Optional<Path> newerJava() {
        return Optional.of(System.getProperty("bench.java25", ""))
                .filter(given -> !given.isEmpty())
                .map(Path::of);
    }

    private static List<Double> seconds(List<MeasuredProcess.ProcessMeasurement> measured) {
        return measured.stream()
                .map(MeasuredProcess.ProcessMeasurement::seconds)
                .toList();
    }

    private void addGoals(DataSet data, Way way, Map<Work, Comparison> works) {
        if (data.isSmall()) {
            return;
        }
        works.forEach((work, comparison) -> {
            List<Double> wall = comparison.ratios(MeasuredProcess.ProcessMeasurement::seconds);
            String what = "%s, %s, ".formatted(way.labelOf(data), work.label());
            switch (work) {
                case FIRST_FILL, RESTORE -> {
                    goals.atMost(what + "wall beside rclone", data.objects() > 10_000 ? 0.8 : 1, wall);
                    goals.atMost(
                            what + "processor beside rclone",
                            work == Work.FIRST_FILL ? 1.5 : 1.2,
                            comparison.ratios(MeasuredProcess.ProcessMeasurement::processor));
                    if (!data.isLarge() && way.label().isEmpty()) {
                        goals.atMost(
                                what + "requests an object",
                                work == Work.FIRST_FILL ? 1.7 : 1.6,
                                List.of((double) comparison.requests() / data.objects()));
                    }
                }
                case IDLE -> goals.atMost(what + "wall beside `rclone check`", 1.5, wall);
                case VERIFY ->
                    goals.atLeast(
                            what + "MB/s beside `rclone cat` into `sha256sum`",
                            1,
                            wall.stream().map(ratio -> 1 / ratio).toList());
            }
        });
    }

    private void addGoals(StoreMeasurement storeMeasurement) {
        storeMeasurement
                .latencies()
                .forEach((series, pair) -> goals.atMost(
                        "event to durable beside a bare copy, p50, %s, %d at a time, %s"
                                .formatted(series.objects(), series.concurrency(), storeMeasurement.store()),
                        series.concurrency() == 1 ? 1.6 : 1.5,
                        pair.ratios()));
        goals.atLeast(
                "sustained small events beside bare copies, " + storeMeasurement.store(),
                0.7,
                storeMeasurement.slices().stream().map(Slice::ratio).toList());
    }

    private void addGoal(String event, int goal, Map<String, List<EventRequests>> rows) {
        goals.atMost(
                "requests beyond the copy: " + event,
                goal,
                rows.getOrDefault(event, List.of()).stream()
                        .map(eventRequests -> (double) eventRequests.beyondTheCopy())
                        .toList());
    }

    private StoreMeasurement measure(Supplier<Stores> store) {
        try (Stores stores = store.get();
                Product product = Events.startProduct(stores.registry(), stores.backup())) {
            Events events = new Events(product);
            Seeds seeds = new Seeds(stores.reading());
            BareCopy bare = new BareCopy(stores);
            // First, since it also warms up the product as thoroughly as seeding does the bare client.
            progress("sustained load on " + stores.name());
            List<Slice> slices = new Throughput(bare, events, seeds, scale).measure();
            progress("timing events on " + stores.name());
            Map<Series, Pair> latencies = new Latencies(bare, events, seeds, scale).measure();
            return new StoreMeasurement(stores.name(), latencies, slices);
        }
    }

    private static String versions(boolean withCeph) throws IOException, InterruptedException {
        String proxy = "S3Proxy " + System.getProperty("bench.s3proxy.version", "of unknown version") + ", in memory";
        return withCeph ? proxy + " · " + cephVersion() + ", in memory" : proxy + " · no Ceph RGW";
    }

    /** "ceph version 16.2.15 (…) pacific (stable)" as "Ceph RGW 16.2.15". */
    private static String cephVersion() throws IOException, InterruptedException {
        Process asked = new ProcessBuilder("radosgw", "--version")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        asked.waitFor();
        return said.replaceFirst("^ceph version (\\S+).*", "Ceph RGW $1");
    }

    private static void progress(String what) {
        System.err.println("bench: " + LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS) + " " + what);
    }
}
