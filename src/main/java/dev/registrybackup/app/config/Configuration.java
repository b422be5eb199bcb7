package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The properties, a group for each prefix, as docs/configuration.md lists them. {@link Settings} refuses what no type here
 * refuses.
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

    UiProperties ui();

    ReconcileProperties reconcile();

    ArchiveProperties archive();

    BandwidthProperties bandwidth();

    ConcurrencyProperties concurrency();

    TimeoutsProperties timeouts();

    LoggingProperties logging();

    /** How a bucket is reached; the same keys for each store. */
    interface BucketProperties {
        /** The store's URL; none for AWS itself. */
        Optional<String> endpoint();

        /** The store's region; `us-east-1` if only an endpoint is given, else the SDK's default chain. */
        Optional<String> region();

        /** The bucket. */
        Optional<String> bucket();

        /** The access key; without it, the SDK's default chain. */
        Optional<String> accessKey();

        /** The secret key that belongs to the access key. */
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

        /** Instead of a bucket, the directory of a registry that keeps its data on a volume. Not for events. */
        Optional<String> directory();
    }

    /** The registry's storage: read only, except for restores into it. */
    interface RegistryProperties extends TargetProperties {
        /** What to do with objects that the registry's layout does not know. */
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
        /** The storage class objects are written with; by default the bucket's. No archive class: restores read at once. */
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
            /** Everything else that is asked for or scheduled: verify, reconcile, catalog. */
            OPERATIONS,
            /** Captures the ImageStreams of OpenShift. */
            CAPTURE
        }
    }

    /** Who may call the on-demand functions and see the page. */
    interface AuthProperties {
        @WithDefault("auto")
        AuthMode mode();

        /** The bearer token that callers send where the cluster does not tell who they are; 16 characters or more. */
        Optional<String> token();

        /** Who says who a caller is. */
        enum AuthMode {
            /** The cluster if this process is in a pod, else the token. */
            AUTO,
            /** The cluster's API, by TokenReview and SubjectAccessReview. */
            KUBERNETES,
            /** Whoever has {@link AuthProperties#token}. */
            TOKEN
        }
    }

    /** How events are answered. */
    interface EventsProperties {
        /** How long an answer may take, from the event's arrival; at least 3 s. RGW gives up waiting after 10 s. */
        @WithDefault("8s")
        Duration answerWithin();

        /** How many registry keys may be in flight at once; more are recorded as pending without being begun. */
        @WithDefault("2048")
        int maxInFlight();

        /** The header that {@link #webhookSecret} is looked for in. */
        @WithDefault("Authorization")
        String webhookHeader();

        /** The whole value of that header, without which nothing is taken at `/notification`. */
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

        /** Of which share of the blobs the scheduled verification hashes the content, others each day: from 0 to 1. */
        @WithDefault("0.01")
        double scheduledContentShare();

        enum RunnerMode {
            /** In a Job if this process is in a pod, else in this process. */
            AUTO,
            JOB,
            PROCESS
        }
    }

    /** What the page at `/` says of its surroundings. */
    interface UiProperties {
        /** Where the restore service is, for the commands that the page shows to be copied. */
        @WithDefault("http://restore.registry-backup.svc.cluster.local")
        String restoreUrl();
    }

    /** What becomes of what only the copy has. */
    enum DeleteMode {
        KEEP,
        MIRROR
    }

    /** How the registry and the backup are compared, and what is pruned. */
    interface ReconcileProperties {
        @WithDefault("keep")
        DeleteMode deletes();

        /** With `mirror`, for how long the registry has to have lacked an object before it is hidden in the backup. */
        @WithDefault("P30D")
        Duration retention();

        /** Which share of the registry's objects may vanish between two runs before an alarm stops all removals. */
        @WithDefault("0.1")
        double alarmShare();

        /** How many objects may vanish between two runs before an alarm stops all removals. */
        @WithDefault("10000")
        long alarmNumber();

        /** How old an object is that events should have brought: if reconcile has to bring it, it counts as missed. */
        @WithDefault("PT15M")
        Duration eventLagThreshold();

        /** About how many keys rclone compares at once; it takes 8 KiB of memory for each. */
        @WithDefault("100000")
        long shardSize();

        /** The rclone program: 1.60 or newer. */
        @WithDefault("rclone")
        String rclone();

        /** A directory for the lists of a run: 200 bytes for each object that only the backup has. */
        @WithDefault("/tmp")
        String scratch();
    }

    /** A second place for the backup. */
    interface ArchiveProperties {
        /** Where, as rclone names it, or a directory. None: no archive. */
        Optional<String> remote();

        /** In the same remote, where what is replaced or leaves is moved, in a directory a day; without it, it goes for good. */
        Optional<String> backupDir();

        @WithDefault("keep")
        DeleteMode deletes();

        /** For how long what was moved to {@link #backupDir} is kept there. */
        @WithDefault("P90D")
        Duration retention();
    }

    /** How hard bulk work may press on the stores. */
    interface BandwidthProperties {
        /** How many bytes a second restore, verify and reconcile may read, over all objects; 0 for as many as come. */
        @WithDefault("0")
        long bytesPerSecond();
    }

    /** How much moves at once. */
    interface ConcurrencyProperties {
        /** How many requests and objects up to 1 MiB may be under way at once. */
        @WithDefault("16")
        int smallObjects();

        /** How many objects above 1 MiB may move at once. */
        @WithDefault("4")
        int largeObjects();
    }

    /** How long a store may take. */
    interface TimeoutsProperties {
        /** To take a connection. */
        @WithDefault("2s")
        Duration connect();

        /** To send the next bytes of an answer, or to take more of a request. */
        @WithDefault("30s")
        Duration idle();

        /** To answer a request that moves no object's bytes, each attempt. */
        @WithDefault("10s")
        Duration smallRequest();
    }

    /** How the log is written. */
    interface LoggingProperties {
        @WithDefault("text")
        LogFormat format();

        enum LogFormat {
            /** A line a record, {@code event=… key=value …}. */
            TEXT,
            /** A JSON object a record, each field of an event a member. */
            JSON
        }
    }
}
