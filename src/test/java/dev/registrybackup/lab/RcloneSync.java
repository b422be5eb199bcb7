package dev.registrybackup.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Mirrors a bucket with rclone, as a CronJob would: every object, without verification. */
public final class RcloneSync {

    private static final Duration BOUND = Duration.ofMinutes(2);

    private RcloneSync() {}

    /** Syncs one bucket to another; objects above 5 MiB are uploaded in parts of that size. */
    public static void run(S3Endpoint from, Bucket source, S3Endpoint to, Bucket target) {
        List<String> command = new ArrayList<>(List.of("env", "RCLONE_CONFIG=/dev/null"));
        remote("FROM", from).forEach((name, value) -> command.add(name + "=" + value));
        remote("TO", to).forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(List.of("rclone", "sync", "from:" + source.name(), "to:" + target.name()));
        command.addAll(List.of("--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"));
        ChildProcess.run(BOUND, command);
    }

    private static Map<String, String> remote(String name, S3Endpoint endpoint) {
        String prefix = "RCLONE_CONFIG_" + name + "_";
        return new TreeMap<>(Map.of(
                prefix + "TYPE", "s3",
                prefix + "PROVIDER", "Ceph",
                prefix + "ENDPOINT", endpoint.uri().toString(),
                prefix + "REGION", endpoint.region(),
                prefix + "ACCESS_KEY_ID", endpoint.accessKey(),
                prefix + "SECRET_ACCESS_KEY", endpoint.secretKey()));
    }
}
