package dev.registrybackup.transfer;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Immutable keys lately seen durable in the backup, to spare asking again. Bounded in number and in time, since somebody
 * may take an object out of the backup behind our back. Safe for use by many threads.
 */
public final class RecentlyDurable {
    private final Clock clock;
    private final Duration remembered;
    private final int most;
    /** Guarded by this; in the order of remembering. */
    private final Map<String, Instant> keys = new LinkedHashMap<>();

    /**
     * Starts with no memory.
     *
     * @param remembered for how long a key is
     * @param most how many keys are; the oldest give way
     */
    public RecentlyDurable(Clock clock, Duration remembered, int most) {
        this.clock = clock;
        this.remembered = remembered;
        this.most = most;
    }

    /** Whether the key was seen durable lately. */
    public synchronized boolean contains(String key) {
        Instant seen = keys.get(key);
        return seen != null && seen.plus(remembered).isAfter(clock.instant());
    }

    /** The key is durable now. */
    public synchronized void remember(String key) {
        keys.remove(key);
        keys.put(key, clock.instant());
        if (keys.size() > most) {
            Iterator<String> oldest = keys.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    /** The key turned out not to be durable. */
    public synchronized void forget(String key) {
        keys.remove(key);
    }
}
