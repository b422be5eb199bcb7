package dev.registrybackup.bench;

import dev.registrybackup.lab.S3Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** rclone copying the registry's tree from one bucket of a store to another. */
final class Rclone {
    private static final double NANOS = 1e9;

    private final S3Endpoint endpoint;
    private final String from;
    private final String to;

    Rclone(S3Endpoint endpoint, String from, String to) {
        this.endpoint = endpoint;
        this.from = from;
        this.to = to;
    }

    /** Through this machine, as between two stores; seconds. */
    double streamed() {
        return run("one:" + from + "/docker", "other:" + to + "/docker");
    }

    /** By having the store copy; seconds. */
    double withinTheStore() {
        return run("one:" + from + "/docker", "one:" + to + "/docker");
    }

    private double run(String source, String target) {
        List<String> command = new ArrayList<>(List.of("rclone", "copy", source, target));
        command.addAll(
                List.of("--transfers", "20", "--checkers", "20", "--fast-list", "--no-check-dest", "--size-only"));
        command.addAll(List.of("--s3-no-check-bucket", "--s3-disable-checksum"));
        command.addAll(List.of("--s3-upload-cutoff", "32M", "--s3-chunk-size", "32M", "--config", "/dev/null"));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        // It cannot take one from the environment, and needs none over http.
        builder.environment().remove("AWS_CA_BUNDLE");
        builder.environment().putAll(remote("ONE", endpoint));
        builder.environment().putAll(remote("OTHER", endpoint));
        long begun = System.nanoTime();
        try {
            int code = builder.start().waitFor();
            if (code != 0) {
                throw new IllegalStateException("rclone ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to run rclone", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while rclone ran", e);
        }
        return (System.nanoTime() - begun) / NANOS;
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
