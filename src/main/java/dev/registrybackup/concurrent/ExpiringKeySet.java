package dev.registrybackup.concurrent;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Clock;
import java.time.Duration;

/**
 * Immutable keys lately seen durable in the backup, to spare asking again. Bounded in number and in time, since somebody
 * may take an object out of the backup behind our back. Safe for use by many threads.
 */
public final class ExpiringKeySet {
    private final Cache<String, Boolean> keys;

    /**
     * Starts with no memory.
     *
     * @param remembered for how long a key is
     * @param most how many keys are; which gives way to a new one is not defined
     */
    public ExpiringKeySet(Clock clock, Duration remembered, int most) {
        this.keys = ExpiringCaches.create(clock, remembered, most);
    }

    /** Whether the key was seen durable lately. */
    public boolean contains(String key) {
        return keys.getIfPresent(key) != null;
    }

    /** The key is durable now. */
    public void add(String key) {
        keys.put(key, true);
    }

    /** The key turned out not to be durable. */
    public void remove(String key) {
        keys.invalidate(key);
    }
}
