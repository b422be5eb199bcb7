package dev.registrybackup.concurrent;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Creates the caches of this program. All have one shape, because a native executable must declare the classes of each.
 */
public final class ExpiringCaches {
    private ExpiringCaches() {}

    /**
     * Creates a cache that drops entries after a time, and starts no thread. Which entry a new one evicts is not
     * defined.
     *
     * @param ttl how long an entry is valid after it was written
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
