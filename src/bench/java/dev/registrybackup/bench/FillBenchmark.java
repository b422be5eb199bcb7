package dev.registrybackup.bench;

import dev.registrybackup.bench.MeasuredProcess.Measured;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;

/** A first fill, an idle run and a restore of many small objects, each as a command and beside rclone doing the same. */
public final class FillBenchmark {
    private static final Path DIRECTORY = Path.of("target", "bench");
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
    private static final int CONCURRENCY = 16;
    private static final int IMAGES_IN_REPOSITORY = 20;
    private static final String RCLONE_COPY = "rclone-copy";
    private static final String RESTORED = "restored";

    private final Stores stores;
    private final Map<Work, List<Measured>> ours = new EnumMap<>(Work.class);
    private final Map<Work, List<Measured>> rclone = new EnumMap<>(Work.class);
    private final Map<Work, Integer> requests = new EnumMap<>(Work.class);

    /** What is measured, and what rclone does beside it. */
    private enum Work {
        FIRST_FILL("first fill", "reconcile"),
        IDLE("idle run", "reconcile"),
        RESTORE("restore of everything", "restore", "--all");

        private final String label;
        private final List<String> command;

        Work(String label, String... command) {
            this.label = label;
            this.command = List.of(command);
        }
    }

    private FillBenchmark(Stores stores) {
        this.stores = stores;
    }

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        Logger.getLogger("").setLevel(Level.WARNING);
        Files.createDirectories(DIRECTORY.toAbsolutePath());
        int images = Integer.getInteger("bench.images", 420);
        try (Stores stores = Stores.hasCephRgw() ? Stores.cephRgw() : Stores.s3Proxy()) {
            String report = new FillBenchmark(stores).measure(images);
            System.out.println(report);
            Files.writeString(DIRECTORY.resolve("fill.md"), report);
        }
        System.exit(0);
    }

    private String measure(int images) {
        seed(images);
        try (Bucket registry = Bucket.of(stores.registry(), Product.REGISTRY_BUCKET);
                Bucket backup = Bucket.of(stores.backup(), Product.BACKUP_BUCKET);
                Bucket copied = Bucket.create(stores.backup(), RCLONE_COPY);
                Bucket restored = Bucket.create(stores.registry(), RESTORED)) {
            count();
            for (int round = 0; round < ROUNDS; round++) {
                List.of(backup, copied, restored).forEach(FillBenchmark::empty);
                add(ours, Work.FIRST_FILL, product(Work.FIRST_FILL, stores.registry(), stores.backup()));
                add(
                        rclone,
                        Work.FIRST_FILL,
                        rclone("copy", "registry:" + Product.REGISTRY_BUCKET, "backup:" + RCLONE_COPY));
                add(ours, Work.IDLE, product(Work.IDLE, stores.registry(), stores.backup()));
                add(rclone, Work.IDLE, rclone("check", "registry:" + Product.REGISTRY_BUCKET, "backup:" + RCLONE_COPY));
                add(ours, Work.RESTORE, product(Work.RESTORE, stores.registry(), stores.backup()));
                empty(restored);
                add(rclone, Work.RESTORE, rclone("copy", "backup:" + RCLONE_COPY, "registry:" + RESTORED));
            }
            return report(registry.sizes("docker/").size());
        }
    }

    /** Images of two layers each: ten objects, the links among them. */
    private void seed(int count) {
        Seeds seeds = new Seeds(stores.reading());
        TestImages make = new TestImages(7);
        Map<String, String> repositories = new HashMap<>();
        List<TestImage> images = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            TestImage image = make.image(400, 500);
            images.add(image);
            repositories.put(image.digest(), "bench/r" + number / IMAGES_IN_REPOSITORY);
        }
        Load.run(CONCURRENCY, images, image -> seeds.tagged(repositories.get(image.digest()), image));
    }

    /** Once through a proxy that records, which is not timed. */
    private void count() {
        try (NotifyingProxy registryFront = NotifyingProxy.inFrontOf(stores.registry(), "none");
                NotifyingProxy backupFront = NotifyingProxy.inFrontOf(stores.backup(), "none")) {
            for (Work work : Work.values()) {
                registryFront.reset();
                backupFront.reset();
                product(work, registryFront.endpoint(), backupFront.endpoint());
                requests.put(
                        work,
                        registryFront.requests().size() + backupFront.requests().size());
            }
        }
    }

    private static void empty(Bucket bucket) {
        Seeds.delete(
                bucket.client(), bucket.name(), List.copyOf(bucket.sizes("").keySet()));
    }

    private Measured product(Work work, S3Endpoint registry, S3Endpoint backup) {
        List<String> command = new ArrayList<>(Product.command(List.of("-Xmx256m")));
        command.addAll(work.command);
        Map<String, String> settings = new HashMap<>(Product.settings(registry, backup));
        if (work == Work.RESTORE) {
            settings.put("REGISTRY_BUCKET", RESTORED);
        }
        return run(command, settings, "product.log");
    }

    private Measured rclone(String verb, String from, String to) {
        List<String> command = new ArrayList<>(List.of("rclone", verb, from + "/docker", to + "/docker"));
        command.addAll(List.of("--fast-list", "--transfers", "32", "--checkers", "32", "--config", "/dev/null"));
        if (verb.equals("copy")) {
            command.addAll(List.of("--no-check-dest", "--s3-no-check-bucket", "--s3-disable-checksum"));
        }
        Map<String, String> remotes = new HashMap<>(Rclone.remote("REGISTRY", stores.registry()));
        remotes.putAll(Rclone.remote("BACKUP", stores.backup()));
        return run(command, remotes, "rclone.log");
    }

    private static Measured run(List<String> command, Map<String, String> environment, String log) {
        Path output = DIRECTORY.resolve(log).toAbsolutePath();
        Measured measured = MeasuredProcess.run(command, environment, output, LIMIT);
        if (measured.code() != 0) {
            throw new IllegalStateException(
                    "%s ended with %d, see %s".formatted(command, measured.code(), output.toString()));
        }
        return measured;
    }

    private static void add(Map<Work, List<Measured>> results, Work work, Measured measured) {
        results.computeIfAbsent(work, first -> new ArrayList<>()).add(measured);
    }

    private String report(int objects) {
        StringBuilder report = new StringBuilder();
        report.append("""
                ## Small objects beside rclone

                %,d objects on %s, ours as a command with `-Xmx256m`, rclone with 32 transfers between two remotes, by \
                turns, medians of %d rounds, the smallest and largest ratio behind them. rclone: `copy --fast-list \
                --no-check-dest`, and `check --fast-list` beside the idle run. Requests are ours, counted at a proxy in a \
                round of its own: all of them, listings and records too.

                | What | Requests | an object | Ours, s | rclone, s | Ratio | Ours, processor s | rclone, processor s | Ratio |
                |---|---:|---:|---:|---:|---:|---:|---:|---:|
                """.formatted(objects, stores.name(), ROUNDS));
        for (Work work : Work.values()) {
            int asked = requests.getOrDefault(work, 0);
            report.append("| %s | %,d | %s | %s | %s |%n"
                    .formatted(
                            work.label,
                            asked,
                            Figures.ratio((double) asked / objects),
                            beside(work, Measured::seconds),
                            beside(work, Measured::processor)));
        }
        return report.toString();
    }

    private String beside(Work work, ToDoubleFunction<Measured> figure) {
        List<Double> product = figures(ours, work, figure);
        List<Double> other = figures(rclone, work, figure);
        List<Double> ratios = IntStream.range(0, product.size())
                .mapToObj(round -> product.get(round) / other.get(round))
                .toList();
        return "%s | %s | **%s** (%s)"
                .formatted(
                        Figures.ratio(Figures.median(product)),
                        Figures.ratio(Figures.median(other)),
                        Figures.ratio(Figures.median(ratios)),
                        Figures.range(ratios));
    }

    private static List<Double> figures(
            Map<Work, List<Measured>> results, Work work, ToDoubleFunction<Measured> figure) {
        return results.getOrDefault(work, List.of()).stream()
                .map(figure::applyAsDouble)
                .toList();
    }
}
