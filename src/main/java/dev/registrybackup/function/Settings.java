package dev.registrybackup.function;

import dev.registrybackup.function.ServiceConfiguration.Role;
import dev.registrybackup.store.s3.S3Settings;
import dev.registrybackup.store.s3.S3Settings.Credentials;
import dev.registrybackup.store.s3.S3Settings.Writing;
import dev.registrybackup.store.s3.S3Timeouts;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** The configuration, settled and checked: whatever cannot work stops the start, with the property's name. */
@ApplicationScoped
class Settings {
    private static final String REGION_WITH_ENDPOINT = "us-east-1";
    private static final Duration SHORTEST_ANSWER = Duration.ofSeconds(3);

    private final RegistryConfiguration registry;
    private final BackupConfiguration backup;
    private final ServiceConfiguration service;
    private final EventConfiguration event;
    private final LanesConfiguration lanes;
    private final TimeoutsConfiguration timeouts;

    Settings(
            RegistryConfiguration registry,
            BackupConfiguration backup,
            ServiceConfiguration service,
            EventConfiguration event,
            LanesConfiguration lanes,
            TimeoutsConfiguration timeouts) {
        this.registry = registry;
        this.backup = backup;
        this.service = service;
        this.event = event;
        this.lanes = lanes;
        this.timeouts = timeouts;
    }

    /** Checks everything. Throws {@link ConfigurationProblem} for the first thing that cannot work. */
    void check() {
        S3Settings from = registryStore();
        S3Settings to = backupStore();
        if (from.bucket().equals(to.bucket()) && sameStore(from, to)) {
            throw new ConfigurationProblem(
                    "backup.bucket", "is the registry's own bucket, " + to.bucket() + ": a backup needs another one");
        }
        copiesForeign();
        answerWithin();
        atLeastOne("lanes.small", lanes.small());
        atLeastOne("lanes.large", lanes.large());
        atLeastOne("event.in-flight", event.inFlight());
        timeouts();
    }

    S3Settings registryStore() {
        return new S3Settings(
                "registry",
                endpoint("registry.endpoint", registry.endpoint()),
                region(registry.endpoint(), registry.region()),
                required("registry.bucket", registry.bucket()),
                credentials("registry", registry.accessKey(), registry.secretKey()),
                registry.pathStyle().orElse(registry.endpoint().isPresent()),
                certificate("registry.ca-certificate", registry.caCertificate()),
                Writing.PLAIN);
    }

    S3Settings backupStore() {
        return new S3Settings(
                "backup",
                endpoint("backup.endpoint", backup.endpoint()),
                region(backup.endpoint(), backup.region()),
                required("backup.bucket", backup.bucket()),
                credentials("backup", backup.accessKey(), backup.secretKey()),
                backup.pathStyle().orElse(backup.endpoint().isPresent()),
                certificate("backup.ca-certificate", backup.caCertificate()),
                writing());
    }

    String rootDirectory() {
        return registry.rootDirectory();
    }

    boolean isDeadLetter() {
        return service.role() == Role.DEAD_LETTER;
    }

    boolean copiesForeign() {
        return switch (registry.foreign()) {
            case "copy" -> true;
            case "report" -> false;
            default ->
                throw new ConfigurationProblem(
                        "registry.foreign", "is \"%s\" but can be report or copy".formatted(registry.foreign()));
        };
    }

    Duration answerWithin() {
        if (event.answerWithin().compareTo(SHORTEST_ANSWER) < 0) {
            throw new ConfigurationProblem(
                    "event.answer-within", "is %s but has to be 3 s or more".formatted(event.answerWithin()));
        }
        return event.answerWithin();
    }

    int inFlight() {
        return event.inFlight();
    }

    int smallLane() {
        return lanes.small();
    }

    int largeLane() {
        return lanes.large();
    }

    S3Timeouts timeouts() {
        return new S3Timeouts(
                positive("timeouts.connect", timeouts.connect()),
                positive("timeouts.idle", timeouts.idle()),
                positive("timeouts.small-request", timeouts.smallRequest()));
    }

    private static boolean sameStore(S3Settings one, S3Settings other) {
        return one.endpoint().map(Settings::canonical).equals(other.endpoint().map(Settings::canonical));
    }

    private static String canonical(URI endpoint) {
        String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
        int standard = scheme.equals("https") ? 443 : 80;
        return scheme + "://" + endpoint.getHost().toLowerCase(Locale.ROOT) + ":"
                + (endpoint.getPort() < 0 ? standard : endpoint.getPort());
    }

    private static Optional<URI> endpoint(String property, Optional<String> given) {
        return given.map(text -> {
            try {
                URI endpoint = new URI(text);
                boolean http =
                        "http".equalsIgnoreCase(endpoint.getScheme()) || "https".equalsIgnoreCase(endpoint.getScheme());
                if (http && endpoint.getHost() != null && endpoint.getUserInfo() == null) {
                    return endpoint;
                }
            } catch (URISyntaxException e) {
                throw new ConfigurationProblem(property, "is no URL: " + e.getReason());
            }
            throw new ConfigurationProblem(
                    property, "is no URL of the form http(s)://host[:port], without credentials");
        });
    }

    private static Optional<String> region(Optional<String> endpoint, Optional<String> region) {
        return region.or(() -> endpoint.map(given -> REGION_WITH_ENDPOINT));
    }

    private static String required(String property, Optional<String> given) {
        return given.orElseThrow(() -> new ConfigurationProblem(property, "is not set, but has no default"));
    }

    private static Optional<Credentials> credentials(
            String store, Optional<String> accessKey, Optional<String> secretKey) {
        if (accessKey.isPresent() != secretKey.isPresent()) {
            String missing = store + (accessKey.isPresent() ? ".secret-key" : ".access-key");
            String given = store + (accessKey.isPresent() ? ".access-key" : ".secret-key");
            throw new ConfigurationProblem(
                    missing, "is not set though %s is: set both, or none for the SDK's default chain".formatted(given));
        }
        return accessKey.flatMap(access -> secretKey.map(secret -> new Credentials(access, secret)));
    }

    private static Optional<Path> certificate(String property, Optional<String> given) {
        return given.map(Path::of).map(file -> {
            if (!Files.isReadable(file)) {
                throw new ConfigurationProblem(property, "names %s, which cannot be read".formatted(file));
            }
            return file;
        });
    }

    private Writing writing() {
        String encryption = backup.encryption();
        if (encryption.equals("none")) {
            return new Writing(backup.storageClass(), Optional.empty(), Optional.empty());
        }
        if (encryption.equals("AES256") || encryption.equals("aws:kms")) {
            return new Writing(backup.storageClass(), Optional.of(encryption), Optional.empty());
        }
        if (encryption.startsWith("aws:kms:") && encryption.length() > "aws:kms:".length()) {
            String key = encryption.substring("aws:kms:".length());
            return new Writing(backup.storageClass(), Optional.of("aws:kms"), Optional.of(key));
        }
        throw new ConfigurationProblem(
                "backup.encryption",
                "is \"%s\" but can be none, AES256, aws:kms, or aws:kms:<key id>".formatted(encryption));
    }

    private static Duration positive(String property, Duration given) {
        if (given.isNegative() || given.isZero()) {
            throw new ConfigurationProblem(property, "is %s but has to be longer than nothing".formatted(given));
        }
        return given;
    }

    private static void atLeastOne(String property, int given) {
        if (given < 1) {
            throw new ConfigurationProblem(property, "is %d but has to be 1 or more".formatted(given));
        }
    }
}
