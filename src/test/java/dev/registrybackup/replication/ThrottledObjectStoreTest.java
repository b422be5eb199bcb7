package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ThrottledObjectStoreTest {
    private static final byte[] CONTENT = new byte[1000];

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, new SettableClock());
    /** Each call is one millisecond later than the one before. */
    private final AtomicLong clockReads = new AtomicLong();

    private final ThrottledObjectStore store = new ThrottledObjectStore(
            bucket,
            new RateLimiter(
                    100_000,
                    () -> clockReads.incrementAndGet() * Duration.ofMillis(1).toNanos()));

    private String version() {
        bucket.seed("key", CONTENT);
        return bucket.head("key").flatMap(ObjectInfo::versionId).orElseThrow();
    }

    @Test
    void readBytesCountAgainstTheLimit() {
        // Given
        version();
        long before = clockReads.get();
        byte[] read;

        // When
        try (OpenObject opened = store.open("key", Optional.empty(), Optional.empty())) {
            read = opened.readAll(2000);
            assertEquals(1000, opened.info().size());
        }

        // Then: a thousand bytes are ten milliseconds' worth
        assertArrayEquals(CONTENT, read);
        assertEquals(true, clockReads.get() - before >= 10, () -> clockReads.get() + " looks");
    }

    @Test
    void aVersionIsPaidForToo() {
        // Given
        String version = version();
        long before = clockReads.get();

        // When
        try (OpenObject opened = store.openVersion("key", version, Optional.empty())) {
            opened.readAll(2000);
        }

        // Then
        assertEquals(true, clockReads.get() - before >= 10, () -> clockReads.get() + " looks");
    }

    @Test
    void allElseIsAsBefore() {
        // When
        String version = version();

        // Then
        assertEquals(Optional.of(version), store.head("key").flatMap(ObjectInfo::versionId));
        assertEquals("backup", store.bucket());
        assertEquals(0, clockReads.get() - 1);
    }
}
