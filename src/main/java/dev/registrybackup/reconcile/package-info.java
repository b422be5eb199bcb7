/**
 * Makes the backup equal to the registry: rclone compares both, the replicator of events copies what differs, and rclone
 * compares again. Prunes what has been missing from the registry for the retention, behind the guard against mass deletions. Start with {@link Reconciliation} and {@link ReconcileRun}.
 */
@NullMarked
package dev.registrybackup.reconcile;

import org.jspecify.annotations.NullMarked;
