/**
 * Operations as Kubernetes Jobs, made from suspended CronJobs, so that they outlive the process that started them.
 * Start with {@link JobRunner}.
 */
@NullMarked
package dev.registrybackup.operation.kubernetes;

import org.jspecify.annotations.NullMarked;
