/**
 * Makes the backup equal to the registry: rclone lists both, the replicator of events copies the keys that differ, and
 * rclone lists again. Prunes objects missing from the registry for the retention, unless a mass deletion raised an
 * alarm. Start with {@link Reconciliation} and {@link ReconcileRun}.
 */
@NullMarked
package dev.registrybackup.reconcile;

import org.jspecify.annotations.NullMarked;
