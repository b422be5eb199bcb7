package dev.registrybackup.concurrent;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Clock;
import java.time.Duration;

/**
 * Keys that were recently found in the backup, to save requests. Bounded in number and time, because another process may
 * delete an object from the backup. Safe for use by many threads.
 */
public final class ExpiringKeySet {
    private final Cache<String, Boolean> keys;

    /**
     * Starts empty.
     *
     * @param ttl how long a key is kept
     * @param maxKeys the maximum number of keys; which one a new key evicts is not defined
     */
    public ExpiringKeySet(Clock clock, Duration ttl, int maxKeys) {
        this.keys = ExpiringCaches.create(clock, ttl, maxKeys);
    }

    /** Whether the key was added and may still be there. */
    public boolean contains(String key) {
        return keys.getIfPresent(key) != null;
    }

    /** Adds a key that the backup has now. */
    public void add(String key) {
        keys.put(key, true);
    }

    /** Removes a key that turned out to be missing. */
    public void remove(String key) {
        keys.invalidate(key);
    }
}
