/**
 * Makes the backup equal to the registry: rclone compares both, what it reports is copied by the replicator of events, and
 * rclone compares again. Also prunes what the registry has lacked for the retention, behind the guard against mass
 * deletions. Start with {@link Reconciliation} and {@link ReconcileRun}.
 */
@NullMarked
package dev.registrybackup.reconcile;

import org.jspecify.annotations.NullMarked;
