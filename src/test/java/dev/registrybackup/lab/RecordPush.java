package dev.registrybackup.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;

/**
 * Records the notifications of Ceph RGW during a push by skopeo, and the bucket after it. It made
 * {@code src/test/resources/recorded}; run it again for another release. Argument: the folder to write to.
 */
public final class RecordPush {

    private RecordPush() {}

    /** Records one push of an index of two small images. */
    public static void main(String[] arguments) throws IOException {
        Path out = Path.of(arguments[0]);
        Path layout = Files.createTempDirectory("lab-recorded-");
        TestImage index = new TestImages(2026).index(2, 300, 700);
        index.writeOciLayout(layout, "v1");
        // Written by the server's threads.
        List<String> notifications = new CopyOnWriteArrayList<>();
        try (CephRgw ceph = CephRgw.start();
                LoopbackServer receiver = new LoopbackServer(exchange -> {
                    try (exchange) {
                        notifications.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                        exchange.sendResponseHeaders(200, -1);
                    }
                });
                Bucket bucket = Bucket.create(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
                DockerRegistry registry = DockerRegistry.onBucket(ceph.registryEndpoint(), bucket.name())) {
            ceph.createTopicAndNotification(bucket.name(), receiver.uri());
            Skopeo.push(layout, "v1", registry.uri(), "team/app:v1");
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> notifications.stream().anyMatch(body -> body.contains("/tags/v1/current/link")));
            // Whatever comes late comes within the queue's next round.
            Awaitility.await()
                    .pollDelay(Duration.ofSeconds(40))
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> true);
            Files.createDirectories(out);
            Files.write(out.resolve("notifications.ndjson"), notifications);
            Files.write(out.resolve("objects.txt"), objects(bucket));
        }
    }

    private static List<String> objects(Bucket bucket) {
        List<String> lines = new ArrayList<>();
        for (String key : bucket.sizes("docker/").keySet()) {
            lines.add(key + " " + Base64.getEncoder().encodeToString(bucket.bytes(key)));
        }
        return lines;
    }
}
