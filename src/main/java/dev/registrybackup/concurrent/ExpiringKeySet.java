package dev.registrybackup.concurrent;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Clock;
import java.time.Duration;

/**
 * Immutable keys recently found durable in the backup, to save requests. Bounded in number and time, because another
 * process may delete an object from the backup. Safe for use by many threads.
 */
public final class ExpiringKeySet {
    private final Cache<String, Boolean> keys;

    /**
     * Starts empty.
     *
     * @param remembered how long a key is kept
     * @param most the maximum number of keys; which one a new key evicts is not defined
     */
    public ExpiringKeySet(Clock clock, Duration remembered, int most) {
        this.keys = ExpiringCaches.create(clock, remembered, most);
    }

    /** Whether the key was recently found durable. */
    public boolean contains(String key) {
        return keys.getIfPresent(key) != null;
    }

    /** Adds a key that is durable now. */
    public void add(String key) {
        keys.put(key, true);
    }

    /** Removes a key that turned out not to be durable. */
    public void remove(String key) {
        keys.invalidate(key);
    }
}
