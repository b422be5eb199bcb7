package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How long the program takes from its start to the first event that is durable, and how much memory it has then: the
 * jar as it is, and with a recording of the classes it loads, as Dockerfile.jvm makes one. All by turns, so that what
 * else the machine does touches each alike.
 */
final class Starts {
    private static final Path DIRECTORY = Path.of("target", "bench");
    static final Path JAR = Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();
    /** As in a pod with the limit of 512 MiB that the manifests set, of which the image gives 60 % to the heap. */
    private static final String HEAP = "-Xmx307m";

    private static final int EVENTS = 200;
    private static final int EVENT_BYTES = 4096;
    private static final int LOOK_MILLIS = 5;

    private final Seeds seeds;
    private final Map<String, String> settings;
    private final Map<String, List<StartMeasurement>> measured = new LinkedHashMap<>();
    private final Map<String, List<MeasuredProcess.ProcessMeasurement>> idle = new LinkedHashMap<>();

    /** One start: milliseconds to the first event's 204, and mebibytes resident then and after more events. */
    private record StartMeasurement(double millis, double first, double loaded) {}

    private Starts(Stores stores) {
        this.seeds = new Seeds(stores.reading());
        this.settings = Product.settings(stores.registry(), stores.backup());
    }

    /**
     * Measures.
     *
     * @param newer a java of JDK 25 or newer to be measured beside the one that runs this
     */
    static Starts measure(Stores stores, Optional<Path> newer, int rounds) throws IOException, InterruptedException {
        Starts starts = new Starts(stores);
        starts.measure(newer, rounds);
        return starts;
    }

    private void measure(Optional<Path> newer, int rounds) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("jar, JDK " + version(java), List.of(java.toString()));
        commands.put(
                "jar with class archive, JDK " + version(java),
                List.of(java.toString(), "-XX:SharedArchiveFile=" + trained(java)));
        if (newer.isPresent()) {
            commands.put(
                    "jar with AOT cache, JDK " + version(newer.get()),
                    List.of(newer.get().toString(), "-XX:AOTCache=" + trained(newer.get())));
        }
        for (int round = 0; round < rounds; round++) {
            for (Map.Entry<String, List<String>> command : commands.entrySet()) {
                measured.computeIfAbsent(command.getKey(), name -> new ArrayList<>())
                        .add(start(command.getValue()));
                idle.computeIfAbsent(command.getKey(), name -> new ArrayList<>())
                        .add(idle(command.getValue()));
            }
        }
    }

    /** The seconds from a start to the first durable event, of each way to start. */
    Map<String, List<Double>> secondsToFirstEvent() {
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        measured.forEach((name, starts) -> seconds.put(
                name, starts.stream().map(start -> start.millis() / 1000).toList()));
        return seconds;
    }

    /** A command that does nothing, of each way to start. */
    Map<String, List<MeasuredProcess.ProcessMeasurement>> idleCommands() {
        return idle;
    }

    /** Lists the catalog of an empty backup, compiled as docs/operations.md advises for commands that move no bytes. */
    private MeasuredProcess.ProcessMeasurement idle(List<String> java) {
        List<String> whole = new ArrayList<>(java);
        whole.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", JAR.toString(), "catalog"));
        return MeasuredProcess.run(
                whole, settings, DIRECTORY.resolve("start.log").toAbsolutePath(), Duration.ofMinutes(2));
    }

    private static String version(Path java) throws IOException, InterruptedException {
        Process asked = new ProcessBuilder(java.toString(), "--version").start();
        String told = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        asked.waitFor();
        return told.split(" ", 3)[1];
    }

    /** Records the program's classes for this java, as Dockerfile.jvm does, and returns the cache. */
    static Path trained(Path java) throws IOException, InterruptedException {
        Path cache = DIRECTORY.resolve("classes-" + version(java)).toAbsolutePath();
        int code = new ProcessBuilder("src/main/docker/train.sh", cache.toString(), JAR.toString(), java.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new IllegalStateException("The training ended with " + code);
        }
        return cache;
    }

    private StartMeasurement start(List<String> command) throws IOException, InterruptedException {
        List<Seeds.SeededBlob> blobs = seeds.blobs(EVENTS + 1, EVENT_BYTES);
        int port = freePort();
        Events events = new Events(URI.create("http://127.0.0.1:" + port + "/notification"));
        List<String> whole = new ArrayList<>(command);
        whole.addAll(List.of(HEAP, "-XX:-UsePerfData", "-jar", JAR.toString()));
        ProcessBuilder builder = new ProcessBuilder(whole)
                .redirectErrorStream(true)
                .redirectOutput(DIRECTORY.resolve("start.log").toFile());
        builder.environment().putAll(settings);
        builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
        builder.environment().put("QUARKUS_HTTP_HOST", "127.0.0.1");
        long begun = System.nanoTime();
        Process process = builder.start();
        try {
            postOnceItListens(events, blobs.get(0).key(), process);
            double millis = (System.nanoTime() - begun) / 1e6;
            double first = residentMebibytes(process);
            blobs.stream().skip(1).forEach(blob -> events.post(blob.key()));
            return new StartMeasurement(millis, first, residentMebibytes(process));
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    private static void postOnceItListens(Events events, String key, Process process) throws InterruptedException {
        while (true) {
            try {
                events.post(key);
                return;
            } catch (UncheckedIOException notYet) {
                if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw new IllegalStateException("It ended with " + process.exitValue(), notYet);
                }
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static double residentMebibytes(Process process) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0)
                .findFirst()
                .orElseThrow();
    }

    /** The section of the report. */
    String report() {
        List<StartMeasurement> base = measured.values().iterator().next();
        StringBuilder report = new StringBuilder("""
                ## Start

                From the start of the process (`%s`) to the 204 of the first event, a blob of 4 KiB that is durable then, \
                posted as soon as the port is open; S3Proxy in memory is both stores, on the same machine. Medians of %d \
                starts of each, by turns; the ratio is the median of the rounds' own. Memory is `VmRSS`, after that event \
                and after %d more.

                | What | To the first event, ms | beside the first row | by round | MiB then | MiB after %d events |
                |---|---:|---:|---:|---:|---:|
                """.formatted(HEAP, base.size(), EVENTS, EVENTS));
        measured.forEach((name, starts) -> {
            List<Double> ratios = IntStream.range(0, starts.size())
                    .mapToObj(round ->
                            starts.get(round).millis() / base.get(round).millis())
                    .toList();
            report.append("| %s | %s | **%s** | %s | %s | %s |%n"
                    .formatted(
                            name,
                            Figures.whole(median(starts, StartMeasurement::millis)),
                            Figures.ratio(Figures.median(ratios)),
                            Figures.range(ratios),
                            Figures.whole(median(starts, StartMeasurement::first)),
                            Figures.whole(median(starts, StartMeasurement::loaded))));
        });
        return report.toString();
    }

    private static double median(List<StartMeasurement> starts, ToDoubleFunction<StartMeasurement> figure) {
        return Figures.median(starts.stream().mapToDouble(figure).boxed().toList());
    }
}
