package dev.registrybackup.app.config;

import dev.registrybackup.app.config.Configuration.AuthProperties.AuthMode;
import dev.registrybackup.app.config.Configuration.BackupProperties;
import dev.registrybackup.app.config.Configuration.BucketProperties;
import dev.registrybackup.app.config.Configuration.DeleteMode;
import dev.registrybackup.app.config.Configuration.EventsProperties;
import dev.registrybackup.app.config.Configuration.OperationsProperties;
import dev.registrybackup.app.config.Configuration.ReconcileProperties;
import dev.registrybackup.app.config.Configuration.RegistryProperties.RegistryKind;
import dev.registrybackup.app.config.Configuration.ServiceProperties.ServiceRole;
import dev.registrybackup.app.config.Configuration.TargetProperties;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Settings.Credentials;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.reconcile.ReconcilePolicy;
import dev.registrybackup.reconcile.rclone.Archive;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.restore.Drill;
import dev.registrybackup.restore.RestoreRequest;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/** The checked configuration: an invalid value stops the start and names the property. */
@Singleton
public class Settings {
    private static final Duration MIN_ANSWER_WITHIN = Duration.ofSeconds(3);
    private static final Duration MIN_RETENTION = Duration.ofHours(1);
    private static final int MIN_TOKEN_LENGTH = 16;
    private static final String REGION_WITH_ENDPOINT = "us-east-1";
    /** Longer than any process caches durable keys plus the difference between clocks. */
    private static final Duration DURABLE_KEY_TTL = Replicator.DURABLE_KEY_TTL.plusMinutes(1);
    /** The name of the target that the command line gives as a path. */
    public static final String DIRECTORY = "directory";

    private static final Set<String> RESERVED_TARGETS = Set.of(RestoreRequest.REGISTRY, "backup", DIRECTORY);

    private final Configuration configuration;
    private final RuntimeEnvironment environment;
    private final boolean isCommand;
    private final RegistryStoreSettings registryStore;
    private final S3Settings backupStore;
    private final Map<String, RegistryStoreSettings> targets = new TreeMap<>();

    /**
     * Checks all properties, and that each that is given is known.
     *
     * @param sources where the properties come from
     * @param commandDirectory the directory that the command line restores into, if it names one
     * @param isCommand whether this process is a command, which runs only its own work
     * @throws ConfigurationException for the first invalid property
     */
    public Settings(
            Configuration configuration,
            Config sources,
            RuntimeEnvironment environment,
            @ConfigProperty(name = "command-directory") Optional<String> commandDirectory,
            @ConfigProperty(name = "is-command", defaultValue = "false") boolean isCommand) {
        PropertyNames.check(sources);
        this.configuration = configuration;
        this.environment = environment;
        this.isCommand = isCommand;
        this.backupStore = bucket("backup", configuration.backup(), writeOptions(configuration.backup()));
        this.registryStore = registryStore("registry", configuration.registry());
        checkStores();
        configuration.restore().targets().forEach((name, target) -> {
            String prefix = "restore.targets." + name;
            if (RESERVED_TARGETS.contains(name)) {
                throw new ConfigurationException(prefix, "has a name that means something else: " + RESERVED_TARGETS);
            }
            targets.put(name, registryStore(prefix, target));
        });
        commandDirectory.ifPresent(path -> targets.put(
                DIRECTORY, new RegistryStoreSettings(DIRECTORY, Optional.empty(), Optional.of(Path.of(path)), "/")));
        checkValues();
        checkArchive();
        checkDrill();
    }

    private void checkStores() {
        if (registryStore.directory().isPresent() && !isOnDemand() && !isCapture()) {
            throw new ConfigurationException(
                    "registry.directory",
                    "is set, but no events come from a directory: only the roles restore, operations and capture may"
                            + " use it");
        }
        if (isIn(registryStore, backupStore)) {
            throw new ConfigurationException(
                    "backup.bucket",
                    "is the registry's own bucket, " + backupStore.bucket() + ": a backup needs another one");
        }
        if (isCapture() && !isOpenShift()) {
            throw new ConfigurationException(
                    "registry.kind", "is plain, but the role capture is for ImageStreams, which only OpenShift has");
        }
    }

    private static boolean isSame(S3Settings one, S3Settings other) {
        return one.bucket().equals(other.bucket())
                && one.endpoint()
                        .map(Settings::canonical)
                        .equals(other.endpoint().map(Settings::canonical));
    }

    private static boolean isIn(RegistryStoreSettings store, S3Settings bucket) {
        return store.bucket().filter(its -> isSame(its, bucket)).isPresent();
    }

    /** A drill writes and removes objects, so nothing that matters may be near. */
    private void checkDrill() {
        @Nullable RegistryStoreSettings drill = targets.get(Drill.TARGET);
        if (drill == null) {
            return;
        }
        if (isIn(drill, backupStore)) {
            throw notForDrills("bucket", "backup");
        }
        if (registryStore.bucket().filter(bucket -> isIn(drill, bucket)).isPresent()) {
            throw notForDrills("bucket", "registry");
        }
        Optional<Path> directory = drill.directory().map(Path::toAbsolutePath);
        if (directory.isPresent() && directory.equals(registryStore.directory().map(Path::toAbsolutePath))) {
            throw notForDrills("directory", "registry");
        }
    }

    private static ConfigurationException notForDrills(String place, String owner) {
        return new ConfigurationException(
                "restore.targets.drill." + place,
                "is the %s of the %s: restore drills need one of their own".formatted(place, owner));
    }

    private void checkValues() {
        Optional<String> token = configuration.auth().token();
        if (token.filter(given -> given.length() < MIN_TOKEN_LENGTH).isPresent()) {
            throw new ConfigurationException(
                    "auth.token",
                    "has less than %d characters, which can be guessed: use a random one, such as from openssl rand -hex 32"
                            .formatted(MIN_TOKEN_LENGTH));
        }
        EventsProperties events = configuration.events();
        require(
                events.answerWithin().compareTo(MIN_ANSWER_WITHIN) >= 0,
                "events.answer-within",
                events.answerWithin(),
                "must be 3 s or more");
        requireAtLeast(1, "events.max-in-flight", events.maxInFlight());
        requireAtLeast(
                1, "concurrency.small-objects", configuration.concurrency().smallObjects());
        requireAtLeast(
                1, "concurrency.large-objects", configuration.concurrency().largeObjects());
        requirePositive("timeouts.connect", timeouts().connect());
        requirePositive("timeouts.idle", timeouts().idle());
        requirePositive("timeouts.small-request", timeouts().smallRequest());
        requireAtLeast(
                0, "bandwidth.bytes-per-second", configuration.bandwidth().bytesPerSecond());
        double contentShare = configuration.operations().scheduledContentShare();
        require(
                contentShare >= 0 && contentShare <= 1,
                "operations.scheduled-content-share",
                contentShare,
                "must be from 0 to 1");
        requireAtLeast(1, "operations.drill-images", configuration.operations().drillImages());
        requireAtLeast(1, "operations.completions", configuration.operations().completions());
        ReconcileProperties reconcile = configuration.reconcile();
        require(
                reconcile.retention().compareTo(MIN_RETENTION) >= 0,
                "reconcile.retention",
                reconcile.retention(),
                "must be an hour or more");
        require(
                reconcile.alarmShare() > 0 && reconcile.alarmShare() <= 1,
                "reconcile.alarm-share",
                reconcile.alarmShare(),
                "must be above 0 and at most 1");
        requireAtLeast(1, "reconcile.alarm-number", reconcile.alarmNumber());
        Duration lag = reconcile.eventLagThreshold();
        require(!lag.isNegative(), "reconcile.event-lag-threshold", lag, "must be 0 or more");
        requireAtLeast(0, "reconcile.after-lost-canaries", reconcile.afterLostCanaries());
    }

    private void checkArchive() {
        Optional<String> backupDir = configuration.archive().backupDir();
        Optional<String> remote = configuration.archive().remote();
        if (backupDir.isPresent() && remote.isEmpty()) {
            throw new ConfigurationException("archive.backup-dir", "is set, but archive.remote is not");
        }
        if (backupDir.isPresent() && backupDir.equals(remote)) {
            throw new ConfigurationException("archive.backup-dir", "is archive.remote itself: name another directory");
        }
    }

    private static void require(boolean holds, String property, Object given, String rule) {
        if (!holds) {
            throw new ConfigurationException(property, "is %s but %s".formatted(given, rule));
        }
    }

    private static void requireAtLeast(long least, String property, long given) {
        require(given >= least, property, given, "must be %d or more".formatted(least));
    }

    private static void requirePositive(String property, Duration given) {
        require(!given.isNegative() && !given.isZero(), property, given, "must be longer than 0 s");
    }

    private static RegistryStoreSettings registryStore(String prefix, TargetProperties given) {
        if (given.directory().isEmpty()) {
            S3Settings bucket = bucket(prefix, given, WriteOptions.DEFAULT);
            return new RegistryStoreSettings(prefix, Optional.of(bucket), Optional.empty(), given.rootDirectory());
        }
        if (given.bucket().isPresent()) {
            throw new ConfigurationException(
                    prefix + ".directory", "is set and %s.bucket too: set one of them".formatted(prefix));
        }
        return new RegistryStoreSettings(
                prefix, Optional.empty(), given.directory().map(Path::of), given.rootDirectory());
    }

    private static S3Settings bucket(String prefix, BucketProperties given, WriteOptions writeOptions) {
        String bucket = given.bucket()
                .orElseThrow(() -> new ConfigurationException(prefix + ".bucket", "is not set: name the bucket"));
        if (given.accessKey().isPresent() != given.secretKey().isPresent()) {
            String missing = prefix + (given.accessKey().isPresent() ? ".secret-key" : ".access-key");
            String present = prefix + (given.accessKey().isPresent() ? ".access-key" : ".secret-key");
            throw new ConfigurationException(
                    missing,
                    "is not set though %s is: set both, or none for the SDK's default chain".formatted(present));
        }
        Optional<Path> certificate = given.caCertificate().map(Path::of);
        if (certificate.filter(file -> !Files.isReadable(file)).isPresent()) {
            throw new ConfigurationException(
                    prefix + ".ca-certificate", "names %s, which cannot be read".formatted(certificate.get()));
        }
        return new S3Settings(
                prefix,
                given.endpoint().map(text -> endpoint(prefix + ".endpoint", text)),
                given.region().or(() -> given.endpoint().map(endpoint -> REGION_WITH_ENDPOINT)),
                bucket,
                given.accessKey().flatMap(access -> given.secretKey().map(secret -> new Credentials(access, secret))),
                given.pathStyle().orElse(given.endpoint().isPresent()),
                certificate,
                writeOptions);
    }

    /** The message does not repeat an invalid URL, which may have credentials in it. */
    private static URI endpoint(String property, String text) {
        try {
            URI endpoint = new URI(text);
            boolean isHttp =
                    "http".equalsIgnoreCase(endpoint.getScheme()) || "https".equalsIgnoreCase(endpoint.getScheme());
            if (isHttp && endpoint.getHost() != null && endpoint.getUserInfo() == null) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw new ConfigurationException(property, "is not a URL: " + e.getReason());
        }
        throw new ConfigurationException(
                property, "is not a URL of the form http(s)://host[:port], without credentials");
    }

    private static String canonical(URI endpoint) {
        String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
        int standard = scheme.equals("https") ? 443 : 80;
        return scheme + "://" + endpoint.getHost().toLowerCase(Locale.ROOT) + ":"
                + (endpoint.getPort() < 0 ? standard : endpoint.getPort());
    }

    private static WriteOptions writeOptions(BackupProperties backup) {
        String encryption = backup.encryption();
        String withKey = "aws:kms:";
        if (encryption.equals("none")) {
            return new WriteOptions(backup.storageClass(), Optional.empty(), Optional.empty());
        }
        if (encryption.equals("AES256") || encryption.equals("aws:kms")) {
            return new WriteOptions(backup.storageClass(), Optional.of(encryption), Optional.empty());
        }
        if (encryption.startsWith(withKey) && encryption.length() > withKey.length()) {
            String key = encryption.substring(withKey.length());
            return new WriteOptions(backup.storageClass(), Optional.of("aws:kms"), Optional.of(key));
        }
        throw new ConfigurationException(
                "backup.encryption",
                "is \"%s\" but can be none, AES256, aws:kms, or aws:kms:<key id>".formatted(encryption));
    }

    /** The properties, all of them checked. */
    public Configuration configuration() {
        return configuration;
    }

    public RegistryStoreSettings registryStore() {
        return registryStore;
    }

    public S3Settings backupStore() {
        return backupStore;
    }

    /** The configured targets by name, and the target of the command line if there is one. */
    public Map<String, RegistryStoreSettings> targets() {
        return targets;
    }

    public RuntimeEnvironment environment() {
        return environment;
    }

    /** Whether this process is a command, which runs only its own work. */
    public boolean isCommand() {
        return isCommand;
    }

    public boolean isOpenShift() {
        return configuration.registry().kind() == RegistryKind.OPENSHIFT;
    }

    private ServiceRole role() {
        return configuration.service().role();
    }

    public boolean isReplicate() {
        return role() == ServiceRole.REPLICATE;
    }

    public boolean isDeadLetter() {
        return role() == ServiceRole.DEAD_LETTER;
    }

    public boolean isCapture() {
        return role() == ServiceRole.CAPTURE;
    }

    public boolean isOperations() {
        return role() == ServiceRole.OPERATIONS;
    }

    /** Whether it serves requests on demand and does not replicate. */
    public boolean isOnDemand() {
        return role() == ServiceRole.RESTORE || isOperations();
    }

    /** Whether it uses the registry's store. */
    public boolean readsRegistry() {
        return !isDeadLetter() && !isCapture();
    }

    /** Whether the cluster authorizes callers. */
    public boolean isClusterAuth() {
        AuthMode mode = configuration.auth().mode();
        return mode == AuthMode.KUBERNETES || (mode == AuthMode.AUTO && environment.isCluster());
    }

    public S3Timeouts timeouts() {
        return new S3Timeouts(
                configuration.timeouts().connect(),
                configuration.timeouts().idle(),
                configuration.timeouts().smallRequest());
    }

    /** Whether operations run in Kubernetes Jobs. */
    public boolean runsJobs() {
        return switch (configuration.operations().runner()) {
            case JOB -> true;
            case PROCESS -> false;
            case AUTO -> environment.isCluster();
        };
    }

    /** The suspended CronJobs that are the templates of Jobs. */
    public Map<OperationKind, String> cronJobs() {
        OperationsProperties operations = configuration.operations();
        return Map.of(
                OperationKind.RESTORE,
                operations.restoreCronJob(),
                OperationKind.VERIFY,
                operations.verifyCronJob(),
                OperationKind.RECONCILE,
                operations.reconcileCronJob(),
                OperationKind.DRILL,
                operations.drillCronJob());
    }

    /** Where a restore drill goes, if no target has its name: the directory for files that work needs. */
    public RegistryStoreSettings drillStore() {
        return new RegistryStoreSettings(Drill.TARGET, Optional.empty(), Optional.of(scratch()), "/");
    }

    public ReconcilePolicy reconcilePolicy() {
        ReconcileProperties reconcile = configuration.reconcile();
        return new ReconcilePolicy(
                reconcile.deletes() == DeleteMode.MIRROR,
                reconcile.retention(),
                reconcile.alarmShare(),
                reconcile.alarmNumber(),
                reconcile.eventLagThreshold(),
                DURABLE_KEY_TTL);
    }

    /** The archive; empty if there is none. */
    public Optional<Archive.Destination> archive() {
        Configuration.ArchiveProperties archive = configuration.archive();
        return archive.remote()
                .map(remote -> new Archive.Destination(
                        remote, archive.backupDir(), archive.deletes() == DeleteMode.MIRROR, archive.retention()));
    }

    /** The directory for files that work needs while it runs. */
    public Path scratch() {
        return Path.of(configuration.reconcile().scratch());
    }
}
