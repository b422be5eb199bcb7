package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Posts notifications of objects to the product, as Ceph RGW does. Safe for use by many threads. */
final class Events {
    /** Long, so that even on a busy machine the answer means durable and not pending. */
    static final Duration ANSWER_WITHIN = Duration.ofSeconds(60);

    /** The product records a key as pending two seconds before the answer is due. */
    private static final Duration DURABLE_BOUND = ANSWER_WITHIN.minusMillis(2_500);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI target;

    /** Posts to this product. */
    Events(Product product) {
        this(product.notificationUri());
    }

    /** Posts to this address. */
    Events(URI target) {
        this.target = target;
    }

    /** Starts a product between these stores, with {@link #ANSWER_WITHIN}. */
    static Product startProduct(S3Endpoint registry, S3Endpoint backup) {
        Map<String, String> settings = Product.settings(registry, backup);
        settings.put("EVENTS_ANSWER_WITHIN", ANSWER_WITHIN.toSeconds() + "s");
        return Product.start(settings, "-Xmx128m");
    }

    /** Returns once the object is durable in the backup; fails with any other answer, or if the key may only be pending. */
    void post(String key) {
        long begun = System.nanoTime();
        int status = status(HttpRequest.newBuilder(target)
                .timeout(ANSWER_WITHIN)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(notification(key)))
                .build());
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        if (status != 204 || took.compareTo(DURABLE_BOUND) > 0) {
            throw new IllegalStateException("Answered %d after %s for %s".formatted(status, took, key));
        }
    }

    private int status(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.discarding()).statusCode();
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to post to " + target, cause);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while posting to " + target, interrupt);
        }
    }

    private static String notification(String key) {
        return """
                {"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","eventName":"ObjectCreated:Put",\
                "eventTime":"%s","s3":{"s3SchemaVersion":"1.0","bucket":{"name":"%s"},"object":{"key":"%s"}}}]}\
                """.formatted(Instant.now(), Product.REGISTRY_BUCKET, key);
    }
}
