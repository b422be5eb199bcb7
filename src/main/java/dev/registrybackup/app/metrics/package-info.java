/**
 * Metrics, health and the log lines of events. A value that was read from the backup is NaN once it could not be read
 * for ten minutes. Start with {@link ReplicationMetrics} and {@link BackupGauges}.
 */
@NullMarked
package dev.registrybackup.app.metrics;

import org.jspecify.annotations.NullMarked;
