/**
 * The durable retry queue in the backup bucket: keys that were acknowledged and are not durable yet, the worker that
 * retries them, also those of instances that died, and records of what will never succeed. A finished copy never
 * erases a newer record. Start with {@link RetryWorker}.
 */
@NullMarked
package dev.registrybackup.replication.pending;

import org.jspecify.annotations.NullMarked;
