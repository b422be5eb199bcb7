package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * else the machine does touches each alike. Prints the report, which is also in {@code target/bench/start.md}.
 */
public final class StartBenchmark {
    private static final Path DIRECTORY = Path.of("target", "bench");
    private static final Path JAR =
            Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();
    /** As in a pod with the limit of 512 MiB that the manifests set, of which the image gives 60 % to the heap. */
    private static final String HEAP = "-Xmx307m";

    private static final int ROUNDS = Boolean.getBoolean("bench.quick") ? 1 : 9;
    private static final int EVENTS = 200;
    private static final int EVENT_BYTES = 4096;
    private static final int LOOK_MILLIS = 5;

    private final Seeds seeds;
    private final Map<String, String> settings;
    private final Map<String, List<Measured>> measured = new LinkedHashMap<>();

    /** One start: milliseconds to the first event's 204, and mebibytes resident then and after more events. */
    private record Measured(double millis, double first, double loaded) {}

    private StartBenchmark(Stores stores) {
        this.seeds = new Seeds(stores.reading());
        this.settings = Product.settings(stores.registry(), stores.backup());
    }

    /** Runs it; {@code bench.java25} names a java of JDK 25 or newer to be measured beside the one that runs this. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Files.createDirectories(DIRECTORY);
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Optional<Path> newer = Optional.of(System.getProperty("bench.java25", ""))
                .filter(given -> !given.isEmpty())
                .map(Path::of);
        try (Stores stores = Stores.s3Proxy()) {
            String report = new StartBenchmark(stores).run(java, newer);
            System.out.println(report);
            Files.writeString(DIRECTORY.resolve("start.md"), report);
        }
        System.exit(0);
    }

    private String run(Path java, Optional<Path> newer) throws IOException, InterruptedException {
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("jar, JDK " + version(java), List.of(java.toString()));
        if (newer.isPresent()) {
            String jdk = "JDK " + version(newer.get());
            commands.put("jar, " + jdk, List.of(newer.get().toString()));
            commands.put(
                    "jar with AOT cache, " + jdk,
                    List.of(newer.get().toString(), "-XX:AOTCache=" + trained(newer.get())));
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, List<String>> command : commands.entrySet()) {
                measured.computeIfAbsent(command.getKey(), name -> new ArrayList<>())
                        .add(start(command.getValue()));
            }
        }
        return report();
    }

    private static String version(Path java) throws IOException, InterruptedException {
        Process asked = new ProcessBuilder(java.toString(), "--version").start();
        String told = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        asked.waitFor();
        return told.split(" ", 3)[1];
    }

    private static Path trained(Path java) throws IOException, InterruptedException {
        Path cache = DIRECTORY.resolve("classes.aot").toAbsolutePath();
        int code = new ProcessBuilder("src/main/docker/train.sh", cache.toString(), JAR.toString(), java.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new IllegalStateException("The training ended with " + code);
        }
        return cache;
    }

    private Measured start(List<String> command) throws IOException, InterruptedException {
        List<Seeds.Seeded> blobs = seeds.blobs(EVENTS + 1, EVENT_BYTES);
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
            return new Measured(millis, first, residentMebibytes(process));
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

    private String report() {
        StringBuilder report = new StringBuilder("""
                # Start

                Made by `mvn -B package -DskipTests -Pbench exec:exec@bench-start -Dbench.java25=<a java of JDK 25>`, which \
                writes `target/bench/start.md`.

                From the start of the process (`%s`) to the 204 of the first event, a blob of 4 KiB that is durable then, \
                posted as soon as the port is open; S3Proxy in memory is both stores, on the same machine. Medians of %d \
                starts of each, by turns; the ratio is the median of the rounds' own. Memory is `VmRSS`, after that event \
                and after %d more.

                | What | To the first event, ms | beside the first row | by round | MiB then | MiB after %d events |
                |---|---:|---:|---:|---:|---:|
                """.formatted(HEAP, ROUNDS, EVENTS, EVENTS));
        List<Measured> base = measured.values().iterator().next();
        measured.forEach((name, starts) -> {
            List<Double> ratios = IntStream.range(0, starts.size())
                    .mapToObj(round ->
                            starts.get(round).millis() / base.get(round).millis())
                    .toList();
            report.append("| %s | %s | **%s** | %s | %s | %s |%n"
                    .formatted(
                            name,
                            Figures.whole(median(starts, Measured::millis)),
                            Figures.ratio(Figures.median(ratios)),
                            Figures.range(ratios),
                            Figures.whole(median(starts, Measured::first)),
                            Figures.whole(median(starts, Measured::loaded))));
        });
        return report.toString();
    }

    private static double median(List<Measured> starts, ToDoubleFunction<Measured> figure) {
        return Figures.median(starts.stream().mapToDouble(figure).boxed().toList());
    }
}
