package dev.registrybackup.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.Event;
import software.amazon.awssdk.services.s3.model.TopicConfiguration;

/**
 * A real Ceph RGW on loopback, with its own monitor, manager and a storage daemon in memory; ready within 15
 * seconds. Its daemons detach themselves, so they are found by their files of process ids.
 */
public final class CephRgw implements AutoCloseable {

    private static final Duration START_BOUND = Duration.ofMinutes(4);
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final String REGION = "default";
    private static final String GATEWAY = "client.rgw.a";

    private final TemporaryDirectory directory = TemporaryDirectory.create("rgw");
    private final Runnable atExit = this::stop;
    private final URI uri;

    private CephRgw() {
        int port = Loopback.freePort();
        uri = Loopback.uri(port);
        AtExit.remember(atExit);
        Path script = directory.write("ceph-rgw.sh", script());
        String monitorPort = Integer.toString(Loopback.freePort());
        List<String> command =
                List.of("bash", script.toString(), directory.path().toString(), Integer.toString(port), monitorPort);
        try {
            ChildProcess.run(START_BOUND, command);
        } catch (IllegalStateException failure) {
            IllegalStateException explained = new IllegalStateException(failure.getMessage() + logs(), failure);
            close();
            throw explained;
        }
    }

    /** Starts one, with two users: one for the registry, one for its backup. */
    public static CephRgw start() {
        return new CephRgw();
    }

    /** The gateway as the registry's user. */
    public S3Endpoint registryEndpoint() {
        return endpoint("registry");
    }

    /** The gateway as the backup's user, who cannot read the registry's buckets. */
    public S3Endpoint backupEndpoint() {
        return endpoint("backup");
    }

    private S3Endpoint endpoint(String user) {
        return new S3Endpoint(uri, REGION, user, user + "-secret");
    }

    /**
     * Tells this target of every object made in the registry user's bucket, through a persistent topic. The gateway
     * looks for new topics twice a minute, so the first notification takes up to half a minute.
     */
    public void createTopicAndNotification(String bucket, URI target) {
        String name = "lab-" + bucket + "-" + target.getPort();
        String topic = new TopicRequest(registryEndpoint()).create(name, target);
        TopicConfiguration created = TopicConfiguration.builder()
                .id(name)
                .topicArn(topic)
                // No removals: RGW 16 aborts when it notifies of a removal of several objects.
                .events(
                        Event.S3_OBJECT_CREATED_PUT,
                        Event.S3_OBJECT_CREATED_COPY,
                        Event.S3_OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD)
                .build();
        try (S3Client client = registryEndpoint().client()) {
            client.putBucketNotificationConfiguration(request -> request.bucket(bucket)
                    .notificationConfiguration(configuration -> configuration.topicConfigurations(created)));
        }
    }

    /** The last lines of every daemon's log. */
    public String logs() {
        try (Stream<Path> logs = Files.list(directory.path().resolve("log"))) {
            StringBuilder all = new StringBuilder();
            logs.sorted()
                    .forEach(log -> all.append("\n--- ")
                            .append(log.getFileName())
                            .append('\n')
                            .append(ChildProcess.tail(log)));
            return all.toString();
        } catch (IOException none) {
            return "\n(no logs)";
        }
    }

    @Override
    public void close() {
        AtExit.forget(atExit);
        stop();
        directory.close();
    }

    /**
     * Ends the gateway and starts it again on what it has stored. RGW 16.2.15 needs that after the receiver of a persistent
     * topic was killed in mid-request: until then the topic's queue stands still, and nothing of it is lost.
     */
    public void restartGateway() {
        processOf(directory.path().resolve(GATEWAY + ".pid")).ifPresent(CephRgw::end);
        String configuration = "CEPH_CONF=" + directory.path().resolve("ceph.conf");
        ChildProcess.run(START_BOUND, List.of("env", configuration, "timeout", "90", "radosgw", "-n", GATEWAY));
        Awaitility.await().atMost(START_BOUND).until(() -> Loopback.answers(uri));
    }

    private void stop() {
        List<ProcessHandle> daemons = daemons();
        daemons.forEach(ProcessHandle::destroy);
        daemons.forEach(CephRgw::end);
    }

    private static void end(ProcessHandle daemon) {
        daemon.destroy();
        try {
            daemon.onExit().get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            daemon.destroyForcibly();
        } catch (ExecutionException | TimeoutException stubborn) {
            daemon.destroyForcibly();
            // Its folder is removed next.
            daemon.onExit().join();
        }
    }

    private List<ProcessHandle> daemons() {
        try (Stream<Path> files = Files.list(directory.path())) {
            return files.filter(file -> file.toString().endsWith(".pid"))
                    .map(CephRgw::processOf)
                    .flatMap(Optional::stream)
                    .toList();
        } catch (IOException gone) {
            return List.of();
        }
    }

    /** The daemon that left this file, unless it has ended and its number is another's. */
    private static Optional<ProcessHandle> processOf(Path file) {
        try {
            return ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                    .filter(handle -> handle.info()
                            .command()
                            .filter(command -> command.contains("ceph-") || command.endsWith("radosgw"))
                            .isPresent());
        } catch (IOException | NumberFormatException unreadable) {
            return Optional.empty();
        }
    }

    private static String script() {
        try (InputStream script = CephRgw.class.getResourceAsStream("/lab/ceph-rgw.sh")) {
            return new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read the script that starts a gateway", cause);
        }
    }
}
