package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.ReplicatorFixture.FixtureOptions;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One thread for each kind of work is enough for everything. */
class SingleThreadPoolsTest {
    private static final int EVENTS = 1024;

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", false);
    private final RandomRegistry registryContent = new RandomRegistry(7);
    private final CountDownLatch release = new CountDownLatch(1);

    @Test
    void anIndexOfThreeLevelsNeedsNoMoreThanOneThread() {
        // Given
        Digest first =
                registryContent.image("a/b", registryContent.layer("a/b", 100), registryContent.layer("a/b", 2 << 20));
        Digest second = registryContent.image("a/b", registryContent.layer("a/b", 100));
        Digest third = registryContent.image("a/b", registryContent.layer("a/b", 3 << 20));
        Digest middle = registryContent.index("a/b", first, second);
        Digest top = registryContent.index("a/b", middle, third);
        registryContent.tag("a/b", "latest", top);
        registryContent.writeTo(registry::seed);

        // When
        try (ReplicatorFixture fixture = singleThreaded()) {
            ReplicationResult result = fixture.replicate(registryContent.tagLink("a/b", "latest"));

            // Then
            assertEquals(ReplicationStatus.COPIED, result.status());
        }
        registryContent
                .reachableKeys(registryContent.tagLink("a/b", "latest"))
                .forEach(key -> assertArrayEquals(registryContent.content(key), backup.bytes(key), key));
    }

    @Test
    void aLargeBlobThatStallsHoldsUpOnlyWhatNeedsIt() throws Exception {
        // Given
        Digest large = registryContent.layer("big/one", 2 << 20);
        registryContent.tag(
                "big/one", "latest", registryContent.image("big/one", registryContent.layer("big/one", 10), large));
        for (int number = 0; registryContent.keys().size() < EVENTS; number++) {
            String repository = "small/r" + number % 7;
            registryContent.tag(
                    repository,
                    "t" + number,
                    registryContent.image(repository, registryContent.layer(repository, number)));
        }
        registryContent.writeTo(registry::seed);
        List<String> events = new ArrayList<>(registryContent.keys().subList(0, EVENTS));
        Collections.shuffle(events, new Random(7));

        // When
        try (ReplicatorFixture fixture = singleThreaded()) {
            fixture.registry().transformRead(opened -> stalled(opened, registryContent.blobKey(large)));
            Map<String, CompletableFuture<ReplicationResult>> asked =
                    events.stream().collect(Collectors.toMap(key -> key, fixture::startReplicate));
            CompletableFuture<Void> small = all(asked, false, large);
            CompletableFuture<Void> held = all(asked, true, large);
            small.get(30, TimeUnit.SECONDS);
            boolean heldAfterSmall = !held.isDone();
            boolean largeVisible = backup.head(registryContent.blobKey(large)).isPresent();
            release.countDown();
            held.get(30, TimeUnit.SECONDS);

            // Then
            assertTrue(heldAfterSmall);
            assertFalse(largeVisible);
            assertEquals(
                    List.of(),
                    asked.values().stream()
                            .filter(outcome -> !outcome.join().status().isInBackup())
                            .toList());
        }
        events.forEach(key -> assertArrayEquals(registryContent.content(key), backup.bytes(key), key));
    }

    /** Done when all events are that need the blob, or that do not. */
    private CompletableFuture<Void> all(
            Map<String, CompletableFuture<ReplicationResult>> asked, boolean needs, Digest blob) {
        String key = registryContent.blobKey(blob);
        return CompletableFuture.allOf(asked.entrySet().stream()
                .filter(entry -> needs
                        == (entry.getKey().equals(key)
                                || registryContent.reachableKeys(entry.getKey()).contains(key)))
                .map(Map.Entry::getValue)
                .toArray(CompletableFuture[]::new));
    }

    private OpenObject stalled(OpenObject opened, String key) {
        return opened.info().key().equals(key)
                ? InMemoryObjectStore.openObject(opened.info(), new StallingStream(opened.stream()))
                : opened;
    }

    private ReplicatorFixture singleThreaded() {
        return new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, false));
    }

    /** Gives its first bytes once it is released. */
    private final class StallingStream extends FilterInputStream {
        StallingStream(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException();
            }
            return super.read(buffer, offset, length);
        }
    }
}
