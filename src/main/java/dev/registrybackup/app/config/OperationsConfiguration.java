package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** Where restores, verifications and reconciliations run. */
@ConfigMapping(prefix = "operations")
public interface OperationsConfiguration {
    /** `job`: each in a Kubernetes Job; `process`: in the process that was asked; `auto`: in a Job on a cluster. */
    @WithDefault("auto")
    String runner();

    /** The suspended CronJob that restore Jobs are made from. */
    @WithDefault("registry-backup-restore")
    String restoreCronJob();

    /** The suspended CronJob that verify Jobs are made from. */
    @WithDefault("registry-backup-verify")
    String verifyCronJob();

    /** The suspended CronJob that reconcile Jobs are made from. */
    @WithDefault("registry-backup-reconcile")
    String reconcileCronJob();

    /** Of which share of the blobs the scheduled verification reads and hashes the content, others each day: 0 for links and sizes only, 1 for all. */
    @WithDefault("0.01")
    double scheduledContentShare();
}
