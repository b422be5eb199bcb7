package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The properties, a group for each prefix, as docs/configuration.md lists them. {@link Settings} makes the checks that
 * the types here do not.
 */
@ConfigMapping(prefix = "")
public interface Configuration {
    RegistryProperties registry();

    BackupProperties backup();

    ServiceProperties service();

    AuthProperties auth();

    EventsProperties events();

    RestoreProperties restore();

    OperationsProperties operations();

    ReconcileProperties reconcile();

    ArchiveProperties archive();

    BandwidthProperties bandwidth();

    ConcurrencyProperties concurrency();

    TimeoutsProperties timeouts();

    LoggingProperties logging();

    /** The connection to a bucket; the same keys for each store. */
    interface BucketProperties {
        /** The store's URL; none for AWS itself. */
        Optional<String> endpoint();

        /** The store's region; `us-east-1` if only an endpoint is given, else the SDK's default chain. */
        Optional<String> region();

        Optional<String> bucket();

        /** The access key; without it, the SDK's default chain. */
        Optional<String> accessKey();

        Optional<String> secretKey();

        /** Whether the bucket goes into the path and not into the host name; by default if an endpoint is given. */
        Optional<Boolean> pathStyle();

        /** A PEM file of certificates to trust beside the system's. */
        Optional<String> caCertificate();
    }

    /** Where a registry keeps its data: a bucket, or a directory. */
    interface TargetProperties extends BucketProperties {
        /** The registry's `rootdirectory` setting; none on OpenShift. */
        @WithDefault("/")
        String rootDirectory();

        /** The directory of a registry on a volume, instead of a bucket. Not for events. */
        Optional<String> directory();
    }

    /** The registry's storage: read only, except for restores into it. */
    interface RegistryProperties extends TargetProperties {
        /** What to do with objects outside the registry's layout. */
        @WithDefault("report")
        UnknownObjectMode unknownObjects();

        /** Which registry it is. OpenShift's ImageStreams are captured too. */
        @WithDefault("plain")
        RegistryKind kind();

        enum UnknownObjectMode {
            REPORT,
            COPY
        }

        enum RegistryKind {
            PLAIN,
            OPENSHIFT
        }
    }

    /** The backup's bucket. */
    interface BackupProperties extends BucketProperties {
        /**
         * The storage class objects are written with; by default the bucket's. No archive class: restores read at once.
         */
        Optional<String> storageClass();

        /** Server-side encryption: `none` (the bucket's default), `AES256`, `aws:kms`, or `aws:kms:` and a key id. */
        @WithDefault("none")
        String encryption();
    }

    /** What this process does. */
    interface ServiceProperties {
        @WithDefault("replicate")
        ServiceRole role();

        /** The roles. The function that takes the events of each is named in application.properties. */
        enum ServiceRole {
            /** Replicates what events name. */
            REPLICATE,
            /** Only records what a broker could not deliver. */
            DEAD_LETTER,
            RESTORE,
            /** Serves everything else on demand or on schedule: verify, reconcile, catalog. */
            OPERATIONS,
            /** Captures the ImageStreams of OpenShift. */
            CAPTURE
        }
    }

    /** Who may call the on-demand functions and see the page. */
    interface AuthProperties {
        @WithDefault("auto")
        AuthMode mode();

        /** The bearer token that callers send if the cluster does not authorize them; at least 16 characters. */
        Optional<String> token();

        /** The audiences, with commas between, of which a token that the cluster reviews has one; empty: the API server's. */
        Optional<List<String>> audience();

        enum AuthMode {
            /** The cluster if this process is in a pod, else the token. */
            AUTO,
            /** The cluster's API, by TokenReview and SubjectAccessReview. */
            KUBERNETES,
            /** The token {@link AuthProperties#token}. */
            TOKEN
        }
    }

    /** How events are answered. */
    interface EventsProperties {
        /** How long an answer may take, from the event's arrival; at least 3 s. RGW gives up waiting after 10 s. */
        @WithDefault("8s")
        Duration answerWithin();

        /** How many registry keys may be in flight at once; more are recorded as pending without being started. */
        @WithDefault("2048")
        int maxInFlight();

        /** The header with {@link #webhookSecret}. */
        @WithDefault("Authorization")
        String webhookHeader();

        /** The full value of that header. If it is set, `/notification` rejects requests without it; else it takes all. */
        Optional<String> webhookSecret();
    }

    /** Where restores may go besides the registry. */
    interface RestoreProperties {
        /** By name, other stores to restore into or to verify. */
        Map<String, TargetProperties> targets();
    }

    /** Where restores, verifications and reconciliations run. */
    interface OperationsProperties {
        @WithDefault("auto")
        RunnerMode runner();

        /** The suspended CronJob that restore Jobs are made from. */
        @WithDefault("registry-backup-restore")
        String restoreCronJob();

        /** The suspended CronJob that verify Jobs are made from. */
        @WithDefault("registry-backup-verify")
        String verifyCronJob();

        /** The suspended CronJob that reconcile Jobs are made from. */
        @WithDefault("registry-backup-reconcile")
        String reconcileCronJob();

        /** The suspended CronJob that drill Jobs are made from. */
        @WithDefault("registry-backup-drill")
        String drillCronJob();

        /** How many pods share the work of a Job that can be divided: verifications and restores of everything. */
        @WithDefault("1")
        int completions();

        /** How many images a restore drill restores, unless its request says. */
        @WithDefault("5")
        int drillImages();

        /** The share of blobs that the scheduled verification hashes, others each day: from 0 to 1. */
        @WithDefault("0.01")
        double scheduledContentShare();

        enum RunnerMode {
            /** In a Job if this process is in a pod, else in this process. */
            AUTO,
            JOB,
            PROCESS
        }
    }

    /** What to do with objects that only the copy has. */
    enum DeleteMode {
        KEEP,
        MIRROR
    }

    /** How the registry and the backup are compared, and what is pruned. */
    interface ReconcileProperties {
        @WithDefault("keep")
        DeleteMode deletes();

        /** With `mirror`, how long an object must be missing from the registry before it is hidden in the backup. */
        @WithDefault("P30D")
        Duration retention();

        /**
         * The share of the registry's objects that may vanish between two runs; more raise an alarm that stops pruning.
         */
        @WithDefault("0.1")
        double alarmShare();

        /** How many objects may vanish between two runs; more raise an alarm that stops pruning. */
        @WithDefault("10000")
        long alarmNumber();

        /** The age from which an object that reconcile copies counts as missed by events. */
        @WithDefault("PT15M")
        Duration eventLagThreshold();

        /**
         * After how many scheduled canaries lost in a row a reconciliation starts, and again after each as many; 0 for
         * never.
         */
        @WithDefault("3")
        int afterLostCanaries();

        /** The rclone program: 1.60 or newer. */
        @WithDefault("rclone")
        String rclone();

        /** A directory for the lists of a run: 500 bytes for each object that only the backup has. */
        @WithDefault("/tmp")
        String scratch();
    }

    /** A second copy of the backup. */
    interface ArchiveProperties {
        /** The rclone remote or a directory; without it there is no archive. */
        Optional<String> remote();

        /**
         * A directory in the same remote for replaced and deleted objects, one subdirectory a day; without it they are
         * deleted permanently.
         */
        Optional<String> backupDir();

        @WithDefault("keep")
        DeleteMode deletes();

        /** How long objects stay in {@link #backupDir}. */
        @WithDefault("P90D")
        Duration retention();
    }

    /** The bandwidth limit of bulk work. */
    interface BandwidthProperties {
        /** How many bytes per second restore, verify and reconcile may read, over all objects; 0 for no limit. */
        @WithDefault("0")
        long bytesPerSecond();
    }

    /** How much runs at once. */
    interface ConcurrencyProperties {
        /** How many requests and objects up to 1 MiB may run at once. */
        @WithDefault("16")
        int smallObjects();

        /** How many objects above 1 MiB may be copied at once. */
        @WithDefault("4")
        int largeObjects();
    }

    /** Timeouts of the stores. */
    interface TimeoutsProperties {
        /** The time to accept a connection. */
        @WithDefault("2s")
        Duration connect();

        /** The time to send the next bytes of a response or to accept more of a request. */
        @WithDefault("30s")
        Duration idle();

        /** The time for each attempt of a request without object content. */
        @WithDefault("10s")
        Duration smallRequest();
    }

    /** How the log is written. */
    interface LoggingProperties {
        @WithDefault("text")
        LogFormat format();

        enum LogFormat {
            /** One line for each record, {@code event=… key=value …}. */
            TEXT,
            /** One JSON object for each record, with a member for each field. */
            JSON
        }
    }
}
