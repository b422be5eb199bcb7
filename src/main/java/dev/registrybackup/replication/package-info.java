/**
 * Copies what one registry key has into the backup: blobs verified before they are visible, links only after
 * all their dependencies. An event is acknowledged once its keys are durable, or durably recorded as pending. Start
 * with {@link NotificationHandler}, then {@link Replicator} and {@link ObjectCopier}.
 */
@NullMarked
package dev.registrybackup.replication;

import org.jspecify.annotations.NullMarked;
