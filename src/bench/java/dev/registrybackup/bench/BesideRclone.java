package dev.registrybackup.bench;

import dev.registrybackup.bench.MeasuredProcess.ProcessMeasurement;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** A first fill, an idle run, a verification and a restore, each as a command and beside rclone doing the same, by turns. */
final class BesideRclone {
    private static final Path DIRECTORY = Path.of("target", "bench");
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final int CONCURRENCY = 16;
    private static final int IMAGES_IN_REPOSITORY = 20;
    private static final String RCLONE_COPY = "rclone-copy";
    private static final String RESTORED = "restored";

    private final Stores stores;
    private final DataSet data;
    private final int rounds;
    private final List<Way> ways;
    private final Map<Way, Map<Work, List<ProcessMeasurement>>> ours = new LinkedHashMap<>();
    private final Map<Work, List<ProcessMeasurement>> rclone = new EnumMap<>(Work.class);
    private final Map<Work, Integer> requests = new EnumMap<>(Work.class);

    /** What is measured, in this order. */
    enum Work {
        FIRST_FILL("first fill"),
        IDLE("idle run"),
        VERIFY("verify by content"),
        RESTORE("restore of everything");

        private final String label;

        Work(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }

        private List<String> command() {
            return switch (this) {
                case FIRST_FILL, IDLE -> List.of("reconcile");
                case VERIFY -> List.of("verify", "--all", "--depth", "content");
                case RESTORE -> List.of("restore", "--all");
            };
        }
    }

    /**
     * What the registry has: images of two layers each, which are ten objects, the links among them.
     *
     * @param images how many
     * @param layerBytes how many bytes each layer has
     */
    record DataSet(int images, int layerBytes) {
        int objects() {
            return 10 * images;
        }

        boolean isLarge() {
            return layerBytes > 1 << 20;
        }

        /** Whether it takes little more than the program's start, which has goals of its own. */
        boolean isSmall() {
            return !isLarge() && objects() < 1_000;
        }

        String label() {
            return isLarge()
                    ? "%d blobs, %,d MB".formatted(2 * images, 2L * images * layerBytes / 1_000_000)
                    : "%,d objects".formatted(objects());
        }
    }

    /**
     * A way to run the product.
     *
     * @param label what the report calls it; empty for the jar or the executable as it was built
     * @param command the program with its options, without the command's arguments
     */
    record Way(String label, List<String> command) {
        String labelOf(DataSet data) {
            return label.isEmpty() ? data.label() : data.label() + ", " + label;
        }
    }

    /** Of one kind of work: ours and rclone's, a value a round, and the requests that ours made. */
    record Comparison(List<ProcessMeasurement> ours, List<ProcessMeasurement> rclone, int requests) {
        /** Ours in rclone's, for each round. */
        List<Double> ratios(ToDoubleFunction<ProcessMeasurement> figure) {
            return IntStream.range(0, ours.size())
                    .mapToObj(round -> figure.applyAsDouble(ours.get(round)) / figure.applyAsDouble(rclone.get(round)))
                    .toList();
        }
    }

    private BesideRclone(Stores stores, DataSet data, int rounds, List<Way> ways) {
        this.stores = stores;
        this.data = data;
        this.rounds = rounds;
        this.ways = ways;
    }

    /** Measures on stores of its own, which are empty at first, each way to run the product in turn, and rclone. */
    static Map<Way, Map<Work, Comparison>> measure(Stores stores, DataSet data, int rounds, List<Way> ways) {
        return new BesideRclone(stores, data, rounds, ways).measure();
    }

    private Map<Way, Map<Work, Comparison>> measure() {
        seed();
        try (Bucket backup = Bucket.of(stores.backup(), Product.BACKUP_BUCKET);
                Bucket copied = Bucket.create(stores.backup(), RCLONE_COPY);
                Bucket restored = Bucket.create(stores.registry(), RESTORED)) {
            countRequests();
            for (int round = 0; round < rounds; round++) {
                for (Way way : ways) {
                    List.of(backup, restored).forEach(BesideRclone::empty);
                    for (Work work : Work.values()) {
                        ours.computeIfAbsent(way, first -> new EnumMap<>(Work.class))
                                .computeIfAbsent(work, first -> new ArrayList<>())
                                .add(product(way, work, stores.registry(), stores.backup()));
                    }
                }
                List.of(copied, restored).forEach(BesideRclone::empty);
                for (Work work : Work.values()) {
                    rclone.computeIfAbsent(work, first -> new ArrayList<>()).add(rclone(work));
                }
            }
        }
        Map<Way, Map<Work, Comparison>> comparisons = new LinkedHashMap<>();
        ours.forEach((way, works) -> works.forEach((work, measured) -> comparisons
                .computeIfAbsent(way, first -> new EnumMap<>(Work.class))
                .put(
                        work,
                        new Comparison(
                                measured, rclone.getOrDefault(work, List.of()), requests.getOrDefault(work, 0)))));
        return comparisons;
    }

    /** A repository at a time, so that not all images are in memory at once. */
    private void seed() {
        Seeds seeds = new Seeds(stores.reading());
        TestImages make = new TestImages(7);
        int imagesAtOnce = data.isLarge() ? 1 : IMAGES_IN_REPOSITORY;
        for (int from = 0; from < data.images(); from += imagesAtOnce) {
            String repository = "bench/r" + from;
            List<TestImage> images = IntStream.range(from, Math.min(data.images(), from + imagesAtOnce))
                    .mapToObj(number -> make.image(data.layerBytes(), data.layerBytes()))
                    .toList();
            Load.run(CONCURRENCY, images, image -> seeds.tagged(repository, image));
        }
    }

    /** Once through a proxy that records, which is not timed. */
    private void countRequests() {
        try (NotifyingProxy registryFront = NotifyingProxy.inFrontOf(stores.registry(), "none");
                NotifyingProxy backupFront = NotifyingProxy.inFrontOf(stores.backup(), "none")) {
            for (Work work : Work.values()) {
                registryFront.reset();
                backupFront.reset();
                product(ways.get(0), work, registryFront.endpoint(), backupFront.endpoint());
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

    private ProcessMeasurement product(Way way, Work work, S3Endpoint registry, S3Endpoint backup) {
        List<String> command = new ArrayList<>(way.command());
        command.addAll(work.command());
        Map<String, String> settings = new HashMap<>(Product.settings(registry, backup));
        if (work == Work.RESTORE) {
            settings.put("REGISTRY_BUCKET", RESTORED);
        }
        return run(command, settings, "product.log");
    }

    private ProcessMeasurement rclone(Work work) {
        String registry = "registry:" + Product.REGISTRY_BUCKET + "/docker";
        String copy = "backup:" + RCLONE_COPY + "/docker";
        return switch (work) {
            case FIRST_FILL -> rclone(copying(registry, copy));
            case IDLE -> rclone(List.of("check", registry, copy));
            case VERIFY -> run(List.of("sh", "-c", "rclone cat --config /dev/null " + copy + " | sha256sum"));
            case RESTORE -> rclone(copying(copy, "registry:" + RESTORED + "/docker"));
        };
    }

    private static List<String> copying(String from, String to) {
        return List.of(
                "copy",
                from,
                to,
                "--no-check-dest",
                "--s3-no-check-bucket",
                "--s3-disable-checksum",
                "--s3-upload-cutoff",
                "32M",
                "--s3-chunk-size",
                "32M");
    }

    /** 32 transfers of small objects, and 8 of large ones, which each keep a part in memory. */
    private ProcessMeasurement rclone(List<String> arguments) {
        String transfers = data.isLarge() ? "8" : "32";
        List<String> command = new ArrayList<>(List.of("rclone"));
        command.addAll(arguments);
        command.addAll(List.of("--fast-list", "--transfers", transfers, "--checkers", "32", "--config", "/dev/null"));
        return run(command);
    }

    private ProcessMeasurement run(List<String> command) {
        Map<String, String> remotes = new HashMap<>(remote("REGISTRY", stores.registry()));
        remotes.putAll(remote("BACKUP", stores.backup()));
        return run(command, remotes, "rclone.log");
    }

    private static ProcessMeasurement run(List<String> command, Map<String, String> environment, String log) {
        Path output = DIRECTORY.resolve(log).toAbsolutePath();
        ProcessMeasurement processMeasurement = MeasuredProcess.run(command, environment, output, LIMIT);
        if (processMeasurement.code() != 0) {
            throw new IllegalStateException(
                    "%s ended with %d, see %s".formatted(command, processMeasurement.code(), output.toString()));
        }
        return processMeasurement;
    }

    /** The variables that tell rclone of a store by that name. */
    static Map<String, String> remote(String name, S3Endpoint endpoint) {
        String prefix = "RCLONE_CONFIG_" + name + "_";
        return Map.of(
                prefix + "TYPE", "s3",
                prefix + "PROVIDER", "Other",
                prefix + "ENDPOINT", endpoint.uri().toString(),
                prefix + "REGION", endpoint.region(),
                prefix + "ACCESS_KEY_ID", endpoint.accessKey(),
                prefix + "SECRET_ACCESS_KEY", endpoint.secretKey());
    }
}
