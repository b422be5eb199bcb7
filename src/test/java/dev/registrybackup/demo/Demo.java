package dev.registrybackup.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An S3 store, a registry's writes, and the product between two buckets: shows what is copied, compares the backup with the
 * registry, wipes the registry and restores it. Exits with 0 if both are equal, else with 1.
 */
public final class Demo {
    private static final Pattern COPIED = Pattern.compile(
            "event=replicated trigger=\\S+ key=(\\S+) class=(\\S+) .*result=(\\S+) bytes=(\\d+) millis=(\\d+)");
    private static final Duration BOUND = Duration.ofMinutes(1);

    private final PrintStream out;
    private final boolean keep;

    private Demo(PrintStream out, boolean keep) {
        this.out = out;
        this.keep = keep;
    }

    /** Runs it; {@code --keep} leaves everything running until interrupted. */
    public static void main(String[] arguments) throws InterruptedException {
        boolean keep = Arrays.asList(arguments).contains("--keep");
        boolean good = new Demo(System.out, keep).run();
        System.exit(good ? 0 : 1);
    }

    private boolean run() throws InterruptedException {
        out.println("1. Starting an S3 store with buckets registry and registry-backup, and notifications before it");
        try (S3ProxyServer store = S3ProxyServer.inMemory(512);
                NotifyingProxy front = NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET);
                Bucket registry = Bucket.create(front.endpoint(), Product.REGISTRY_BUCKET);
                Bucket backup =
                        Bucket.create(front.endpoint(), Product.BACKUP_BUCKET).versioned()) {
            out.println("2. Starting the product's jar with a heap of 128 MiB");
            try (Product product = Product.start(Product.settings(front.endpoint(), front.endpoint()), "-Xmx128m")) {
                front.notifyTo(product.notificationUri());
                push(registry);
                front.awaitDelivered(BOUND);
                report(product.log());
                List<String> differences = new BackupCheck(registry, backup).differences();
                conclude(differences, backup.sizes("docker/").size());
                boolean restored = restore(front.endpoint(), registry);
                if (keep) {
                    stay(front.endpoint(), product);
                }
                return differences.isEmpty() && restored;
            }
        }
    }

    private void push(Bucket registry) {
        out.println("3. Pushing demo/app:v1 for two architectures, write by write as a registry does");
        TestImages images = new TestImages(1);
        TestImage index = images.index(2, 300, 70_000, 3 << 20);
        RegistryPush push = new RegistryPush(registry.client(), registry.name());
        push.push(index, "demo/app", "v1");
        out.println("   and its first image again as demo/other:v1, whose layers are there already");
        push.push(index.children().get(0), "demo/other", "v1");
    }

    private void report(String log) {
        out.println("4. What the product did, object by object:");
        out.printf("   %-16s %-10s %10s %8s  %s%n", "class", "result", "bytes", "ms", "key");
        Matcher lines = COPIED.matcher(log);
        if (!lines.find()) {
            throw new IllegalStateException("The log has no line of a replicated object:\n" + log);
        }
        lines.reset();
        while (lines.find()) {
            String key = lines.group(1)
                    .replaceFirst("docker/registry/v2/", "")
                    .replaceAll("([0-9a-f]{12})[0-9a-f]{52}", "$1…");
            out.printf(
                    "   %-16s %-10s %10s %8s  %s%n",
                    lines.group(2), lines.group(3), lines.group(4), lines.group(5), key);
        }
    }

    private void conclude(List<String> differences, int objects) {
        out.println("5. Holding the backup against the registry: every byte hashed, every link followed");
        differences.forEach(difference -> out.println("   " + difference));
        out.println(
                differences.isEmpty()
                        ? "   All %d objects are in the backup, verified.".formatted(objects)
                        : "   FAILED: %d differences.".formatted(differences.size()));
    }

    private boolean restore(S3Endpoint endpoint, Bucket registry) {
        Map<String, String> before = registry.contents("");
        out.println("6. Wiping the registry's bucket, and starting the product once more, to restore");
        registry.wipe();
        Map<String, String> settings = new HashMap<>(Product.settings(endpoint, endpoint));
        settings.put("SERVICE_ROLE", "restore");
        try (Product product = Product.start(settings, "-Xmx128m")) {
            OperationsClient client = new OperationsClient(product.uri());
            out.println("   POST /restore {\"scope\":{\"all\":true}}");
            JsonNode operation = client.done("/restore", "{'scope':{'all':true}}");
            out.printf(
                    "   operation %s %s: %d objects, %d bytes%n",
                    operation.path("id").asText(),
                    operation.path("state").asText(),
                    operation.at("/objects/done").asLong(),
                    operation.at("/bytes/done").asLong());
        }
        boolean same = before.equals(registry.contents(""));
        out.println(
                same
                        ? "   All %d objects are in the registry's bucket again, byte by byte.".formatted(before.size())
                        : "   FAILED: the bucket is not what it was.");
        return same;
    }

    private void stay(S3Endpoint endpoint, Product product) throws InterruptedException {
        out.printf(
                """
                7. Staying up until interrupted (Ctrl-C):
                   S3 endpoint        %s   (region %s, path style)
                   access key         %s
                   secret key         %s
                   buckets            %s, %s
                   product            %s   (metrics at /q/metrics, health at /q/health)
                   Whatever is written into bucket %s is announced to the product.
                """,
                endpoint.uri(),
                endpoint.region(),
                endpoint.accessKey(),
                endpoint.secretKey(),
                Product.REGISTRY_BUCKET,
                Product.BACKUP_BUCKET,
                product.uri(),
                Product.REGISTRY_BUCKET);
        new CountDownLatch(1).await();
    }
}
