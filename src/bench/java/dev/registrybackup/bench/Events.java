package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;

/** Tells the product of objects, as a Ceph RGW does. Safe for use by many threads. */
final class Events {
    /** Two seconds before the answer is due the product records the copy as owed; this much before that we still trust. */
    private static final Duration TO_RECORD = Duration.ofMillis(2_500);

    private static final Duration ANSWER_BOUND = Duration.ofSeconds(90);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI target;
    private final Duration durableBound;

    /** Posts to that product, which answers within that time; later answers may say that the copy is owed, not durable. */
    Events(Product product, Duration answerWithin) {
        target = product.notificationUri();
        durableBound = answerWithin.minus(TO_RECORD);
    }

    /** Returns once the object is durable in the backup; fails with any other answer, or if the copy may only be owed. */
    void post(String key) {
        long begun = System.nanoTime();
        int status = status(HttpRequest.newBuilder(target)
                .timeout(ANSWER_BOUND)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(notification(key)))
                .build());
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        if (status != 204 || took.compareTo(durableBound) > 0) {
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
