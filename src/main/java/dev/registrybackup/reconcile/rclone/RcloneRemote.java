package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.objectstore.s3.S3Settings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A store as an rclone remote, configured by environment variables, which only rclone's own user can read, and never by
 * arguments, which every user of the machine can.
 *
 * @param name {@code registry} or {@code backup}, or another word of lower-case letters
 * @param bucket its bucket, if it is one
 * @param directory its directory, if it is one
 */
public record RcloneRemote(String name, Optional<S3Settings> bucket, Optional<Path> directory) {
    private static final Pattern NAME = Pattern.compile("[a-z]+");

    /**
     * Throws {@link IllegalArgumentException} for a name that cannot be in a variable, and unless it is either a bucket
     * or a directory.
     */
    public RcloneRemote {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "Failed to name a store \"%s\" for rclone: use lower-case letters only".formatted(name));
        }
        if (bucket.isPresent() == directory.isPresent()) {
            throw new IllegalArgumentException(
                    "Failed to configure rclone for the %s: it must be either a bucket or a directory".formatted(name));
        }
    }

    /** The environment variables of this remote, including credentials. */
    public Map<String, String> environment() {
        Map<String, String> options = new TreeMap<>();
        bucket.ifPresentOrElse(settings -> putS3Options(settings, options), () -> options.put("type", "local"));
        Map<String, String> environment = new TreeMap<>();
        options.forEach((option, value) -> environment.put(
                "RCLONE_CONFIG_%s_%s".formatted(name.toUpperCase(Locale.ROOT), option.toUpperCase(Locale.ROOT)),
                value));
        return environment;
    }

    private static void putS3Options(S3Settings settings, Map<String, String> options) {
        options.put("type", "s3");
        // The provider selects workarounds; "Other" assumes the fewest features.
        options.put("provider", settings.endpoint().isPresent() ? "Other" : "AWS");
        settings.endpoint().map(URI::toString).ifPresent(endpoint -> options.put("endpoint", endpoint));
        settings.region().ifPresent(region -> options.put("region", region));
        settings.credentials()
                .ifPresentOrElse(
                        given -> {
                            options.put("access_key_id", given.accessKey());
                            options.put("secret_access_key", given.secretKey());
                        },
                        () -> options.put("env_auth", "true"));
        options.put("force_path_style", Boolean.toString(settings.pathStyle()));
        // Otherwise rclone checks the bucket and may create it, though these credentials may only list and read.
        options.put("no_check_bucket", "true");
    }

    private static boolean isKmsEncrypted(S3Settings settings) {
        return settings.writeOptions()
                .encryption()
                .filter(encryption -> encryption.startsWith("aws:kms"))
                .isPresent();
    }

    /** The path of a prefix in rclone's form: {@code backup:bucket/docker/registry/v2/blobs/}. */
    public String path(String prefix) {
        return name + ":"
                + bucket.map(S3Settings::bucket)
                        .or(() -> directory.map(RcloneRemote::absolute))
                        .orElse("")
                + "/" + prefix;
    }

    /**
     * As {@link #path}. In a bucket a prefix without keys is just empty; a missing directory is an error to rclone, so
     * it gets an empty one instead.
     */
    String path(String prefix, Path emptyDirectory) {
        boolean isAbsent =
                directory.filter(root -> Files.notExists(root.resolve(prefix))).isPresent();
        return isAbsent ? name + ":" + emptyDirectory.toAbsolutePath() : path(prefix);
    }

    /** Why a directory cannot be compared: it is missing, for example because its volume is not mounted. */
    Optional<String> problem() {
        return directory
                .filter(root -> !Files.isDirectory(root))
                .map(root -> "the %s directory %s does not exist or is not a directory; mount its volume"
                        .formatted(name, root));
    }

    private static String absolute(Path directory) {
        return directory.toAbsolutePath().normalize().toString();
    }

    /** Whether listings have MD5 hashes, which they have not if the store encrypts with KMS keys. */
    boolean listsHashes() {
        return bucket.filter(RcloneRemote::isKmsEncrypted).isEmpty();
    }

    /** Whether it is a bucket, which rclone can list in the order of keys, as the store does. */
    boolean isBucket() {
        return bucket.isPresent();
    }

    /** Whether it takes its credentials from the process's environment. */
    boolean usesProcessCredentials() {
        return bucket.filter(settings -> settings.credentials().isEmpty()).isPresent();
    }

    Optional<Path> caCertificate() {
        return bucket.flatMap(S3Settings::caCertificate);
    }

    /** Without credentials. */
    @Override
    public String toString() {
        return "Remote[" + path("") + "]";
    }
}
