package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkerPoolsTest {
    private final WorkerPools workerPools = new WorkerPools(1, 1);
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void close() {
        release.countDown();
        workerPools.close();
    }

    @Test
    void smallObjectsPassALargeOneThatStalls() throws Exception {
        // Given
        CompletableFuture<Boolean> large = workerPools.forSize(WorkerPools.SMALL_BYTES + 1, this::stall);

        // When
        String small =
                workerPools.forSize(WorkerPools.SMALL_BYTES, () -> "small").get(10, TimeUnit.SECONDS);
        String request = workerPools.small(() -> "request").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("small", small);
        assertEquals("request", request);
        assertFalse(large.isDone());
        release.countDown();
        assertTrue(large.get(10, TimeUnit.SECONDS));
    }

    @Test
    void recordsPassWhateverStalls() throws Exception {
        // Given
        workerPools.small(this::stall);
        workerPools.forSize(Long.MAX_VALUE, this::stall);

        // When
        String recorded = workerPools.record(() -> "recorded").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("recorded", recorded);
    }

    @Test
    void aLaneIsAsWideAsItWasAskedFor() throws Exception {
        // Given
        CountDownLatch bothUnderWay = new CountDownLatch(2);

        // When
        try (WorkerPools wide = new WorkerPools(2, 1)) {
            CompletableFuture<Boolean> first = wide.small(() -> meet(bothUnderWay));
            CompletableFuture<Boolean> second = wide.small(() -> meet(bothUnderWay));

            // Then
            assertTrue(first.get(10, TimeUnit.SECONDS));
            assertTrue(second.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aFailureIsTheFuturesAndTheLaneGoesOn() throws Exception {
        // Given
        CompletableFuture<String> failed = workerPools.small(() -> {
            throw new IllegalStateException("broken");
        });

        // When
        String next = workerPools.small(() -> "next").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("next", next);
        assertThrows(ExecutionException.class, () -> failed.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aStepIsDoneLater() throws Exception {
        // Given
        CompletableFuture<String> done = new CompletableFuture<>();

        // When
        workerPools.after(Duration.ofMillis(1), () -> done.complete("done"));

        // Then
        assertEquals("done", done.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aFailureIsNoEndOfPeriodicWork() throws Exception {
        // Given
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);

        // When
        workerPools.every(Duration.ofMillis(1), () -> {
            three.countDown();
            if (runs.incrementAndGet() == 1) {
                throw new IllegalStateException("broken");
            }
        });

        // Then
        assertTrue(three.await(10, TimeUnit.SECONDS));
    }

    @Test
    void periodicWorkEndsWhenItIsClosed() {
        // Given
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(1);
        WorkerPools.Repeated repeated = workerPools.every(Duration.ofMillis(1), () -> {
            runs.incrementAndGet();
            begun.countDown();
        });
        await(begun);

        // When
        repeated.close();
        int closedAfter = runs.get();

        // Then
        CountDownLatch later = new CountDownLatch(20);
        workerPools.every(Duration.ofMillis(1), later::countDown);
        assertTrue(await(later));
        // Each of the four threads may have been at it, one run may have been due, and one taken before it was
        // cancelled.
        assertTrue(runs.get() <= closedAfter + 6, "It was done %d times more".formatted(runs.get() - closedAfter));
    }

    @Test
    void longWorkTakesNoPlaceFromAnythingElse() throws Exception {
        // Given
        CountDownLatch underWay = new CountDownLatch(8);
        for (int operation = 0; operation < 8; operation++) {
            workerPools.operation(() -> {
                underWay.countDown();
                stall();
            });
        }

        // When
        boolean allBegan = underWay.await(10, TimeUnit.SECONDS);
        String small = workerPools.small(() -> "small").get(10, TimeUnit.SECONDS);
        String record = workerPools.record(() -> "record").get(10, TimeUnit.SECONDS);

        // Then
        assertTrue(allBegan);
        assertEquals("small", small);
        assertEquals("record", record);
    }

    private boolean stall() {
        return await(release);
    }

    private static boolean meet(CountDownLatch latch) {
        latch.countDown();
        return await(latch);
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void periodicWorkThatHangsRunsOnceAndHoldsUpNeitherRecordsNorOthers() {
        // Given
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger hanging = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        try (WorkerPools workerPools = new WorkerPools(1, 1)) {
            for (int each = 0; each < 8; each++) {
                workerPools.every(Duration.ofMillis(1), () -> {
                    hanging.incrementAndGet();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            }

            // When
            workerPools.every(Duration.ofMillis(1), others::incrementAndGet);
            boolean recorded = workerPools.record(() -> true).join();

            // Then
            Awaitility.await().until(() -> others.get() > 20);
            assertTrue(recorded);
            assertEquals(8, hanging.get());
            release.countDown();
        }
    }
}
