package dev.registrybackup.lab;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * The product's jar in a child process, as it is shipped. The jar is where the build put it, unless the system property
 * {@code lab.product.jar} says otherwise.
 */
public final class Product implements AutoCloseable {

    /** The registry's bucket in the lab. */
    public static final String REGISTRY_BUCKET = "registry";
    /** The backup's bucket in the lab. */
    public static final String BACKUP_BUCKET = "registry-backup";

    private static final Duration START_BOUND = Duration.ofSeconds(90);

    private final ChildProcess process;
    private final URI uri;
    private final Map<String, String> environment;
    private final List<String> javaOptions;

    private Product(Map<String, String> environment, List<String> javaOptions, List<String> inside, int port) {
        this.environment = Map.copyOf(environment);
        this.javaOptions = List.copyOf(javaOptions);
        uri = Loopback.uri(port);
        Map<String, String> all = new HashMap<>(environment);
        all.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        all.put("QUARKUS_HTTP_HOST", Loopback.ADDRESS);
        List<String> command = new ArrayList<>(inside);
        command.addAll(command(javaOptions));
        process = ChildProcess.start("product", TemporaryDirectory.create("product"), command, all);
    }

    /** The settings of a product between these stores, as environment variables. */
    public static Map<String, String> settings(S3Endpoint registry, S3Endpoint backup) {
        Map<String, String> settings = new HashMap<>();
        settings.putAll(store("REGISTRY", registry, REGISTRY_BUCKET));
        settings.putAll(store("BACKUP", backup, BACKUP_BUCKET));
        return settings;
    }

    private static Map<String, String> store(String prefix, S3Endpoint endpoint, String bucket) {
        return Map.of(
                prefix + "_ENDPOINT", endpoint.uri().toString(),
                prefix + "_REGION", endpoint.region(),
                prefix + "_BUCKET", bucket,
                prefix + "_ACCESS_KEY", endpoint.accessKey(),
                prefix + "_SECRET_KEY", endpoint.secretKey());
    }

    /** Starts it and returns once it is ready. */
    public static Product start(Map<String, String> environment, String... javaOptions) {
        return ready(new Product(environment, List.of(javaOptions), List.of(), Loopback.freePort()));
    }

    /** As {@link #start}, where everything is read-only ({@link ReadOnlyRoot}). */
    public static Product startReadOnly(Map<String, String> environment, String... javaOptions) {
        List<String> inside = ReadOnlyRoot.prefix(Optional.empty());
        return ready(new Product(environment, List.of(javaOptions), inside, Loopback.freePort()));
    }

    /** Starts it again after it was killed, at the same place with the same settings. */
    public Product startAgain() {
        return ready(new Product(environment, javaOptions, List.of(), uri.getPort()));
    }

    private static Product ready(Product product) {
        product.process.awaitReady(START_BOUND, () -> Loopback.answers(product.uri.resolve("/q/health/ready")));
        return product;
    }

    /** Starts it with settings that stop the start, and returns its exit code and what it printed. */
    public static ProductCommand failedStart(Map<String, String> environment, String... javaOptions) {
        try (Product product = new Product(environment, List.of(javaOptions), List.of(), Loopback.freePort())) {
            int code = product.process.awaitExit(START_BOUND);
            return new ProductCommand(code, product.process.output(), product.process.errors());
        }
    }

    /** Where it listens. */
    public URI uri() {
        return uri;
    }

    /** Where stores post their notifications to it. */
    public URI notificationUri() {
        return uri.resolve("/notification");
    }

    /** Its metrics, in Prometheus' text format. */
    public String metrics() {
        HttpRequest request = HttpRequest.newBuilder(uri.resolve("/q/metrics"))
                .timeout(START_BOUND)
                .build();
        return Loopback.send(request).body();
    }

    /** All it has logged, and what the JVM printed. */
    public String log() {
        return process.output() + process.errors();
    }

    /** Suspends it, as a node that swaps or a machine that is migrated would. */
    public void standStill() {
        process.signal("STOP");
    }

    /** Resumes it after {@link #standStill}. */
    public void goOn() {
        process.signal("CONT");
    }

    /** Kills it, as a crash would. */
    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }

    /**
     * The command that starts it, without arguments: the native executable if that was built, with the same heap options;
     * otherwise the jar with the build's archive of loaded classes, as in the image, which halves the start.
     */
    public static List<String> command(List<String> javaOptions) {
        Path target = Path.of("target").toAbsolutePath();
        Optional<Path> elsewhere =
                Optional.ofNullable(System.getProperty("lab.product.jar")).map(Path::of);
        Properties built = elsewhere.isPresent() ? new Properties() : artifact(target);
        List<String> command = new ArrayList<>();
        if ("native".equals(built.getProperty("type"))) {
            command.add(target.resolve(built.getProperty("path")).toString());
            javaOptions.stream().filter(option -> option.startsWith("-Xm")).forEach(command::add);
            return command;
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        Path cache = target.resolve("lab/product.cache");
        if (elsewhere.isEmpty() && Files.exists(cache)) {
            command.add((Runtime.version().feature() < 25 ? "-XX:SharedArchiveFile=" : "-XX:AOTCache=") + cache);
        }
        Path jar =
                elsewhere.orElse(target.resolve("quarkus-app/quarkus-run.jar")).toAbsolutePath();
        command.addAll(List.of("-jar", jar.toString()));
        return command;
    }

    /** Quarkus' description of what it built. */
    private static Properties artifact(Path target) {
        Properties built = new Properties();
        Path file = target.resolve("quarkus-artifact.properties");
        try (Reader reader = Files.newBufferedReader(file)) {
            built.load(reader);
            return built;
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read " + file + ": package the product first", cause);
        }
    }
}
