package dev.registrybackup.lab;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Debian's docker-registry in a child process: the upstream whose storage OpenShift's registry shares. */
public final class DockerRegistry implements AutoCloseable {

    private static final Duration START_BOUND = Duration.ofSeconds(60);

    private final ChildProcess process;
    private final URI uri;

    private DockerRegistry(String storage, boolean readOnly) {
        int port = Loopback.freePort();
        uri = Loopback.uri(port);
        TemporaryDirectory directory = TemporaryDirectory.create("registry");
        Path configuration = directory.write("config.yml", configuration(storage, readOnly, port));
        process = ChildProcess.start(
                "docker-registry", directory, List.of("docker-registry", "serve", configuration.toString()), Map.of());
        process.awaitReady(START_BOUND, () -> Loopback.answers(uri.resolve("/v2/")));
    }

    /** A registry whose storage is this bucket. */
    public static DockerRegistry onBucket(S3Endpoint endpoint, String bucket) {
        return new DockerRegistry(bucketStorage(endpoint, bucket), false);
    }

    /** A registry that serves what is in this bucket and takes nothing, as for looking into a backup. */
    public static DockerRegistry readOnly(S3Endpoint endpoint, String bucket) {
        return new DockerRegistry(bucketStorage(endpoint, bucket), true);
    }

    /** A registry whose storage is a folder, which is the caller's and stays. */
    public static DockerRegistry onFiles(Path folder) {
        return new DockerRegistry("  filesystem:\n    rootdirectory: " + folder.toAbsolutePath() + "\n", false);
    }

    /** Where it listens. */
    public URI uri() {
        return uri;
    }

    /** The last lines it wrote. */
    public String log() {
        return process.logTail();
    }

    @Override
    public void close() {
        process.close();
    }

    private static String configuration(String storage, boolean readOnly, int port) {
        return """
            version: 0.1
            log:
              level: warn
              accesslog:
                disabled: true
            storage:
            %s  redirect:
                disable: true
              delete:
                enabled: true
              maintenance:
                uploadpurging:
                  enabled: false
                readonly:
                  enabled: %s
            http:
              addr: %s:%d
              secret: lab
            """.formatted(storage, readOnly, Loopback.ADDRESS, port);
    }

    private static String bucketStorage(S3Endpoint endpoint, String bucket) {
        // A region endpoint makes the driver address buckets by path.
        return """
              s3:
                region: %s
                regionendpoint: %s
                bucket: %s
                accesskey: %s
                secretkey: %s
                secure: false
                v4auth: true
            """.formatted(endpoint.region(), endpoint.uri(), bucket, endpoint.accessKey(), endpoint.secretKey());
    }
}
