package dev.registrybackup.replication.pending;

import java.time.Instant;
import java.util.Optional;

/**
 * A registry key that is to be looked at again.
 *
 * @param key the key in the registry bucket
 * @param eventTime when the registry wrote it, if the event said so; UTC
 */
public record PendingKey(String key, Optional<Instant> eventTime) {}
