package dev.registrybackup.replication.pending;

import java.time.Instant;
import java.util.Optional;

/**
 * A registry key to replicate.
 *
 * @param key the key in the registry bucket
 * @param eventTime when the registry wrote it, UTC; empty if the event has no time or there was no event
 */
public record PendingKey(String key, Optional<Instant> eventTime) {}
