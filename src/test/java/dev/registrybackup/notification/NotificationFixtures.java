package dev.registrybackup.notification;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The payloads under {@code src/test/resources/events}, made by hand or shortened and altered from recorded ones. */
final class NotificationFixtures {
    private static final Path DIRECTORY = Path.of("src/test/resources/events");

    private NotificationFixtures() {}

    static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(DIRECTORY.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read fixture " + name, e);
        }
    }

    static String text(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    /** What one push of one image made a persistent topic send, in the order it came. */
    static List<String> recordedSequence() {
        return text("ceph-rgw-16.2.15-persistent-topic.ndjson").lines().toList();
    }

    /** Every single payload. */
    static Stream<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to list the fixtures", e);
        }
    }
}
