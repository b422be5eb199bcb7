/**
 * Metrics, health and the log lines of events. A value from the backup is NaN once it could not be read for 10 min.
 * Start with {@link ReplicationMetrics} and {@link BackupGauges}.
 */
@NullMarked
package dev.registrybackup.app.metrics;

import org.jspecify.annotations.NullMarked;
