package dev.registrybackup.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.bench.ListingServer.Requests;
import dev.registrybackup.bench.MeasuredProcess.ProcessMeasurement;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.VerifiedMarker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Measures an idle run on stores of many keys: reconcile, and a plain {@code rclone sync}. */
public final class ReconcileBenchmark {
    private static final Path DIRECTORY = Path.of("target", "bench");
    private static final List<Integer> KEYS = List.of(10_000, 100_000, 1_000_000);
    private static final List<String> PLAIN =
            List.of("sync", "one:" + Product.REGISTRY_BUCKET + "/docker", "one:" + Product.BACKUP_BUCKET + "/docker");
    private static final double KIBI = 1024;
    /** No limit, for what sends no more requests than a listing takes. */
    private static final Duration UNLIMITED = Duration.ofMinutes(30);

    private static final String LAST = "2026-01-02T00:00:00Z";

    private final Duration limit = Duration.ofSeconds(Integer.getInteger("bench.limit", 300));
    private final RegistryLayout layout = new RegistryLayout("");
    private final StringBuilder report = new StringBuilder();
    private double ours;

    private ReconcileBenchmark() {}

    /** Runs the benchmark. */
    public static void main(String[] arguments) throws IOException {
        Logger.getLogger("").setLevel(Level.WARNING);
        Files.createDirectories(DIRECTORY.toAbsolutePath());
        ReconcileBenchmark benchmark = new ReconcileBenchmark();
        benchmark.heading();
        boolean isQuick = Scale.configured().equals(Scale.quick());
        KEYS.stream().limit(isQuick ? 1 : KEYS.size()).forEach(benchmark::compare);
        System.out.println(benchmark.report);
        Files.writeString(DIRECTORY.resolve("reconcile.md"), benchmark.report);
        System.exit(0);
    }

    private void heading() {
        report.append("""
                ## An idle run beside rclone

                Two buckets with the same objects, served by a program that only lists them; all by turns on \
                the same server. Ended after %d s but for `--fast-list --checksum`: "more than" is what was asked until \
                then. Ratios are of processor seconds, which other load on the machine touches least. Memory is `VmHWM`: of the \
                product's JVM (`-Xmx256m`) and of the largest of its rclone processes, and the sum of both, which run at \
                the same time. In 1,000 keys 400 are blobs (one in sixteen in parts), 500 layer links, 100 revision links; \
                a namespace has 1,200 links. The run before is on record.

                | Keys | What | LIST | a 1,000 keys | HEAD | Other | Seconds | of processors | Beside ours | MiB |
                |---:|---|---:|---:|---:|---:|---:|---:|---:|---:|
                """.formatted(limit.toSeconds()));
    }

    private void compare(int number) {
        GeneratedKeys keys = new GeneratedKeys(layout, number);
        try (ListingServer server = new ListingServer(layout, keys)) {
            server.put(VerifiedMarker.KEY, "{}");
            server.put(LastRun.KEY, last(keys).toString());
            reconcile(server, "**reconcile**", keys.size());
            sync(server, keys.size(), UNLIMITED, "--fast-list", "--checksum");
            sync(server, keys.size(), limit, "--fast-list");
            sync(server, keys.size(), limit, "--checksum");
            sync(server, keys.size(), limit);
            if (!server.unanswered().isEmpty()) {
                throw new IllegalStateException("The server has no answer to " + server.unanswered());
            }
        }
    }

    /** The record of an earlier run, so that this one is not a first fill. */
    private static ObjectNode last(GeneratedKeys keys) {
        ObjectNode last = JsonNodeFactory.instance.objectNode();
        ObjectNode classes = last.putObject("summary").putObject("classes");
        classes.putObject(Kind.LAYER_LINK.label()).put("inRegistry", keys.count("/_layers/"));
        classes.putObject(Kind.REVISION_LINK.label()).put("inRegistry", keys.count("/_manifests/"));
        return last.put("lastSuccessStartedAt", LAST).put("lastSuccessFinishedAt", LAST);
    }

    private void reconcile(ListingServer server, String name, int keys) {
        S3Endpoint endpoint = server.endpoint();
        List<String> command = new ArrayList<>(Product.command(List.of("-Xmx256m")));
        command.add("reconcile");
        Path output = DIRECTORY.resolve("reconcile.log").toAbsolutePath();
        server.reset();
        ProcessMeasurement processMeasurement =
                MeasuredProcess.run(command, Product.settings(endpoint, endpoint), output, UNLIMITED);
        ours = processMeasurement.processor();
        row(name, keys, server.requests(), processMeasurement, output);
    }

    private void sync(ListingServer server, int keys, Duration most, String... flags) {
        List<String> command = new ArrayList<>(List.of("rclone"));
        command.addAll(PLAIN);
        command.addAll(List.of(flags));
        command.addAll(List.of("--config", "/dev/null"));
        Map<String, String> environment = BesideRclone.remote("ONE", server.endpoint());
        Path output = DIRECTORY.resolve("rclone.log").toAbsolutePath();
        server.reset();
        ProcessMeasurement processMeasurement = MeasuredProcess.run(command, environment, output, most);
        row(
                "`%s`"
                        .formatted(String.join(" ", "rclone sync", String.join(" ", flags))
                                .strip()),
                keys,
                server.requests(),
                processMeasurement,
                output);
    }

    private void row(String name, int keys, Requests requests, ProcessMeasurement processMeasurement, Path output) {
        if (processMeasurement.isOver() && processMeasurement.code() != 0) {
            throw new IllegalStateException(
                    "%s ended with %d, see %s".formatted(name, processMeasurement.code(), output.toString()));
        }
        String more = processMeasurement.isOver() ? "" : "more than ";
        String row = String.format(
                Locale.ROOT,
                "| %,d | %s | %s%,d | %s%.2f | %s%,d | %,d | %s%.1f | %s%.1f | %s%.2f | %s%s |%n",
                keys,
                name,
                more,
                requests.lists(),
                more,
                requests.lists() * 1000.0 / keys / 2,
                more,
                requests.heads(),
                requests.others(),
                more,
                processMeasurement.seconds(),
                more,
                processMeasurement.processor(),
                more,
                processMeasurement.processor() / ours,
                more,
                mebibytes(processMeasurement));
        System.err.print(row);
        report.append(row);
    }

    private static String mebibytes(ProcessMeasurement processMeasurement) {
        return processMeasurement.children() == 0
                ? String.format(Locale.ROOT, "%.0f", processMeasurement.own() / KIBI)
                : String.format(
                        Locale.ROOT,
                        "%.0f + %.0f = %.0f",
                        processMeasurement.own() / KIBI,
                        processMeasurement.children() / KIBI,
                        (processMeasurement.own() + processMeasurement.children()) / KIBI);
    }
}
