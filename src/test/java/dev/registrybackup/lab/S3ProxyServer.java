package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * S3Proxy in a child process: a small S3 store that starts in two seconds and checks signatures.
 *
 * <p>It has no bucket notifications; {@link NotifyingProxy} adds them. The jar is where the build put it, unless the
 * system property {@code lab.s3proxy.jar} says otherwise.
 */
public final class S3ProxyServer implements AutoCloseable {

    private static final Duration START_BOUND = Duration.ofSeconds(60);
    private static final String ACCESS_KEY = "lab";
    private static final String SECRET_KEY = "lab-secret";
    private static final String REGION = "us-east-1";

    private final ChildProcess process;
    private final S3Endpoint endpoint;

    private S3ProxyServer(int heapMebibytes, String backend) {
        int port = Loopback.freePort();
        endpoint = new S3Endpoint(Loopback.uri(port), REGION, ACCESS_KEY, SECRET_KEY);
        TemporaryDirectory directory = TemporaryDirectory.create("s3proxy");
        Path configuration = directory.write("s3proxy.conf", configuration(port) + backend);
        process = ChildProcess.start("s3proxy", directory, command(heapMebibytes, configuration), Map.of());
        process.awaitReady(START_BOUND, () -> Loopback.answers(endpoint.uri()));
    }

    /** Everything in the child's heap: fast, and the only backend of S3Proxy with versioning. */
    public static S3ProxyServer inMemory(int heapMebibytes) {
        return new S3ProxyServer(heapMebibytes, "jclouds.provider=transient\n");
    }

    /** As {@link #inMemory}, and takes requests with a session token, which it does not look at; otherwise it answers 501. */
    public static S3ProxyServer inMemoryForSessions(int heapMebibytes) {
        return new S3ProxyServer(heapMebibytes, "jclouds.provider=transient\ns3proxy.ignore-unknown-headers=true\n");
    }

    /** Objects as files, {@code <folder>/<bucket>/<key>}; the folder is the caller's and stays. No versioning. */
    public static S3ProxyServer onFiles(int heapMebibytes, Path folder) {
        createDirectories(folder);
        return new S3ProxyServer(
                heapMebibytes,
                "jclouds.provider=filesystem\njclouds.filesystem.basedir=" + folder.toAbsolutePath() + "\n");
    }

    /** Where it listens, with the one identity it knows. */
    public S3Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public void close() {
        process.close();
    }

    private static String configuration(int port) {
        return """
            s3proxy.endpoint=%s
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.identity=%s
            s3proxy.credential=%s
            # A payload signed as a whole is held in memory to be checked.
            s3proxy.v4-max-non-chunked-request-size=134217728
            jclouds.identity=unused
            jclouds.credential=unused
            """.formatted(Loopback.uri(port), ACCESS_KEY, SECRET_KEY);
    }

    private static List<String> command(int heapMebibytes, Path configuration) {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path jar = Path.of(System.getProperty("lab.s3proxy.jar", "target/lab/s3proxy.jar"));
        return List.of(
                java.toString(),
                "-Xmx" + heapMebibytes + "m",
                "-XX:+UseSerialGC",
                "-DLOG_LEVEL=warn",
                "-jar",
                jar.toAbsolutePath().toString(),
                "--properties",
                configuration.toString());
    }

    private static void createDirectories(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to make " + folder, cause);
        }
    }
}
