package dev.registrybackup.app.config;

import dev.registrybackup.app.config.ServiceConfiguration.Role;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;

/** The configuration, settled and checked: whatever cannot work stops the start, with the property's name. */
@ApplicationScoped
public class Settings {
    private static final Duration MIN_ANSWER_WITHIN = Duration.ofSeconds(3);

    private final RegistryConfiguration registry;
    private final BackupConfiguration backup;
    private final ServiceConfiguration service;
    private final EventsConfiguration event;
    private final ConcurrencyConfiguration lanes;
    private final TimeoutsConfiguration timeouts;

    Settings(
            RegistryConfiguration registry,
            BackupConfiguration backup,
            ServiceConfiguration service,
            EventsConfiguration event,
            ConcurrencyConfiguration lanes,
            TimeoutsConfiguration timeouts) {
        this.registry = registry;
        this.backup = backup;
        this.service = service;
        this.event = event;
        this.lanes = lanes;
        this.timeouts = timeouts;
    }

    /** Checks everything. Throws {@link ConfigurationException} for the first thing that cannot work. */
    public void check() {
        S3Settings to = backupStore();
        RegistryStoreSettings from = registryStore();
        if (from.directory().isPresent() && !isOnDemand() && !isCapture()) {
            throw new ConfigurationException(
                    "registry.directory",
                    "is set, but no events come from a directory: only the roles restore, operations and capture may use it");
        }
        boolean same = from.bucket()
                .filter(bucket -> bucket.bucket().equals(to.bucket()) && StoreSettings.isSame(bucket, to))
                .isPresent();
        if (same) {
            throw new ConfigurationException(
                    "backup.bucket", "is the registry's own bucket, " + to.bucket() + ": a backup needs another one");
        }
        copiesUnknownObjects();
        answerWithin();
        atLeastOne("concurrency.small-objects", lanes.smallObjects());
        atLeastOne("concurrency.large-objects", lanes.largeObjects());
        atLeastOne("events.max-in-flight", event.maxInFlight());
        timeouts();
    }

    public RegistryStoreSettings registryStore() {
        return RegistryStoreSettings.of("registry", registry);
    }

    public S3Settings backupStore() {
        return new StoreSettings("backup", backup).s3(writing());
    }

    public boolean isDeadLetter() {
        return service.role() == Role.DEAD_LETTER;
    }

    public boolean isCapture() {
        return service.role() == Role.CAPTURE;
    }

    /** Whether it asks the registry's store for anything. */
    public boolean readsRegistry() {
        return !isDeadLetter() && !isCapture();
    }

    public boolean isReplicate() {
        return service.role() == Role.REPLICATE;
    }

    public boolean isOperations() {
        return service.role() == Role.OPERATIONS;
    }

    /** Whether it does what it is asked for, and replicates nothing by itself. */
    public boolean isOnDemand() {
        return service.role() == Role.RESTORE || isOperations();
    }

    public boolean copiesUnknownObjects() {
        return switch (registry.unknownObjects()) {
            case "copy" -> true;
            case "report" -> false;
            default ->
                throw new ConfigurationException(
                        "registry.unknown-objects",
                        "is \"%s\" but can be report or copy".formatted(registry.unknownObjects()));
        };
    }

    public Duration answerWithin() {
        if (event.answerWithin().compareTo(MIN_ANSWER_WITHIN) < 0) {
            throw new ConfigurationException(
                    "events.answer-within", "is %s but has to be 3 s or more".formatted(event.answerWithin()));
        }
        return event.answerWithin();
    }

    public int maxKeysInFlight() {
        return event.maxInFlight();
    }

    public int smallConcurrency() {
        return lanes.smallObjects();
    }

    public int largeConcurrency() {
        return lanes.largeObjects();
    }

    public S3Timeouts timeouts() {
        return new S3Timeouts(
                positive("timeouts.connect", timeouts.connect()),
                positive("timeouts.idle", timeouts.idle()),
                positive("timeouts.small-request", timeouts.smallRequest()));
    }

    private WriteOptions writing() {
        String encryption = backup.encryption();
        if (encryption.equals("none")) {
            return new WriteOptions(backup.storageClass(), Optional.empty(), Optional.empty());
        }
        if (encryption.equals("AES256") || encryption.equals("aws:kms")) {
            return new WriteOptions(backup.storageClass(), Optional.of(encryption), Optional.empty());
        }
        if (encryption.startsWith("aws:kms:") && encryption.length() > "aws:kms:".length()) {
            String key = encryption.substring("aws:kms:".length());
            return new WriteOptions(backup.storageClass(), Optional.of("aws:kms"), Optional.of(key));
        }
        throw new ConfigurationException(
                "backup.encryption",
                "is \"%s\" but can be none, AES256, aws:kms, or aws:kms:<key id>".formatted(encryption));
    }

    private static Duration positive(String property, Duration given) {
        if (given.isNegative() || given.isZero()) {
            throw new ConfigurationException(property, "is %s but has to be longer than nothing".formatted(given));
        }
        return given;
    }

    private static void atLeastOne(String property, int given) {
        if (given < 1) {
            throw new ConfigurationException(property, "is %d but has to be 1 or more".formatted(given));
        }
    }
}
