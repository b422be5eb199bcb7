package dev.registrybackup.concurrent;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** Makes the caches of this program. They are of one shape, since a native executable must declare the classes of each. */
public final class ExpiringCaches {
    private ExpiringCaches() {}

    /**
     * Makes a cache that forgets an entry at an age, and starts no thread. Which entry gives way to a new one is not defined.
     *
     * @param ttl how long after it was written an entry counts
     * @param maxEntries how many there are at most
     */
    public static <V> Cache<String, V> create(Clock clock, Duration ttl, int maxEntries) {
        return Caffeine.newBuilder()
                .maximumSize(maxEntries)
                .expireAfterWrite(ttl)
                .ticker(() -> Duration.between(Instant.EPOCH, clock.instant()).toNanos())
                .executor(Runnable::run)
                .build();
    }
}
