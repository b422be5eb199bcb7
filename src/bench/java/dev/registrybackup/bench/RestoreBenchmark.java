package dev.registrybackup.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What a restore costs: requests by class, time beside rclone, and the heap that a large scope needs. */
public final class RestoreBenchmark {
    private static final Path FILE = Path.of("target", "bench", "restore.md");
    private static final int ROUNDS = 2;

    private final StringBuilder report = new StringBuilder();

    private RestoreBenchmark() {}

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        Logger.getLogger("").setLevel(Level.WARNING);
        RestoreBenchmark benchmark = new RestoreBenchmark();
        benchmark.requests();
        benchmark.times();
        benchmark.memory();
        System.out.println(benchmark.report);
        Files.createDirectories(FILE.toAbsolutePath().getParent());
        Files.writeString(FILE, benchmark.report);
        System.exit(0);
    }

    private static Map<String, String> settings(S3Endpoint registry, S3Endpoint backup) {
        Map<String, String> settings = new HashMap<>(Product.settings(registry, backup));
        settings.put("SERVICE_ROLE", "restore");
        return settings;
    }

    private void requests() {
        report.append("""
                ## Store requests per restored object

                Counted at a recording proxy before S3Proxy, restoring into an empty bucket; listings and the operation's \
                own records apart.

                | Scope | Class | Objects | Backup | Target | Per object |
                |---|---|---:|---:|---:|---:|
                """);
        for (String scope : List.of("{'all':true}", "{'repository':'bench/small'}")) {
            try (Stores stores = Stores.s3Proxy();
                    NotifyingProxy front = NotifyingProxy.inFrontOf(stores.backup(), "none");
                    Product product = Product.start(settings(front.endpoint(), front.endpoint()), "-Xmx128m")) {
                RestoreSet.small(stores).push();
                front.reset();
                new OperationsClient(product.uri()).done("/restore", "{'scope':%s}".formatted(scope));
                new RestoreCounts(front.requests()).rows(scope.replace('\'', '"'), report);
            }
        }
    }

    private void times() {
        report.append("""

                ## Time beside rclone

                The same objects into an empty bucket of the same store, by turns, %d rounds, medians. rclone: `copy \
                --transfers 20 --checkers 20 --fast-list --no-check-dest --size-only --s3-no-check-bucket \
                --s3-disable-checksum --s3-upload-cutoff 32M --s3-chunk-size 32M`, between two remotes, so that it streams; \
                ours hashes besides. A server-side copy moves no bytes and is no second copy.

                | Store | Objects | MiB | Ours, s | rclone streamed, s | Ratio | rclone server-side, s |
                |---|---:|---:|---:|---:|---:|---:|
                """.formatted(ROUNDS));
        measure(Stores::s3Proxy);
        if (Stores.hasCephRgw() && !Boolean.getBoolean("bench.quick")) {
            measure(Stores::cephRgw);
        }
    }

    private void measure(Supplier<Stores> where) {
        try (Stores stores = where.get();
                Bucket target = Bucket.create(stores.backup(), "restored");
                Product product = Product.start(into(stores), "-Xmx128m")) {
            RestoreSet set = RestoreSet.mixed(stores);
            set.push();
            Rclone rclone = new Rclone(stores.backup(), Product.BACKUP_BUCKET, target.name());
            OperationsClient client = new OperationsClient(product.uri());
            List<Double> ours = new ArrayList<>();
            List<Double> streamed = new ArrayList<>();
            List<Double> within = new ArrayList<>();
            for (int round = 0; round <= ROUNDS; round++) {
                empty(target);
                double one = restore(client);
                empty(target);
                double other = rclone.streamed();
                empty(target);
                double third = rclone.withinTheStore();
                if (round > 0) {
                    ours.add(one);
                    streamed.add(other);
                    within.add(third);
                }
            }
            report.append("| %s | %d | %d | %.1f | %.1f | **%.2f** | %.1f |%n"
                    .formatted(
                            stores.name(),
                            set.objects(),
                            set.bytes() >> 20,
                            Figures.median(ours),
                            Figures.median(streamed),
                            Figures.median(ours) / Figures.median(streamed),
                            Figures.median(within)));
        }
    }

    private static void empty(Bucket target) {
        Seeds.delete(
                target.client(), target.name(), List.copyOf(target.sizes("").keySet()));
    }

    private static Map<String, String> into(Stores stores) {
        Map<String, String> settings = settings(stores.registry(), stores.backup());
        S3Endpoint endpoint = stores.backup();
        settings.put("RESTORE_TARGETS_BENCH_ENDPOINT", endpoint.uri().toString());
        settings.put("RESTORE_TARGETS_BENCH_BUCKET", "restored");
        settings.put("RESTORE_TARGETS_BENCH_ACCESS_KEY", endpoint.accessKey());
        settings.put("RESTORE_TARGETS_BENCH_SECRET_KEY", endpoint.secretKey());
        return settings;
    }

    private static double restore(OperationsClient client) {
        JsonNode done = client.done("/restore", "{'scope':{'all':true},'target':'bench'}");
        if (!done.path("state").asText().equals("succeeded")) {
            throw new IllegalStateException("Not restored: " + done);
        }
        return Duration.between(
                                Instant.parse(done.at("/attempt/started").asText()),
                                Instant.parse(done.at("/attempt/finishedAt").asText()))
                        .toMillis()
                / 1000.0;
    }

    private void memory() {
        report.append("""

                ## Memory

                Planning the restore of one namespace from a store whose listings are generated, in a JVM of its own: the \
                smallest of the heaps tried that was enough.

                | Digests in scope | Heap, MiB |
                |---:|---:|
                """);
        for (int digests : List.of(250_000)) {
            report.append("| %d | %s |%n".formatted(digests, MemoryProbe.smallestHeap(digests)));
        }
    }
}
