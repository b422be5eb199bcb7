package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
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
        CompletableFuture<Boolean> large = workerPools.submitForSize(WorkerPools.MAX_SMALL_BYTES + 1, this::block);

        // When
        String small = workerPools
                .submitForSize(WorkerPools.MAX_SMALL_BYTES, () -> "small")
                .get(10, TimeUnit.SECONDS);
        String request = workerPools.submitSmall(() -> "request").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("small", small);
        assertEquals("request", request);
        assertFalse(large.isDone());
        release.countDown();
        assertTrue(large.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aTaskThatMustNotWaitIsTakenOnlyByAFreeThread() throws Exception {
        // Given
        Optional<CompletableFuture<Boolean>> first = workerPools.submitLargeIfFree(this::block);

        // When
        Optional<CompletableFuture<Boolean>> second = workerPools.submitLargeIfFree(() -> true);
        CompletableFuture<Boolean> waiting = workerPools.submitForSize(Long.MAX_VALUE, () -> true);
        release.countDown();
        boolean isFirstDone = first.orElseThrow().get(10, TimeUnit.SECONDS);
        boolean isWaitingDone = waiting.get(10, TimeUnit.SECONDS);

        // Then
        assertTrue(isFirstDone);
        assertTrue(isWaitingDone);
        assertTrue(second.isEmpty());
        assertTrue(workerPools.submitLargeIfFree(() -> true).orElseThrow().get(10, TimeUnit.SECONDS));
    }

    @Test
    void recordsPassWhateverStalls() throws Exception {
        // Given
        workerPools.submitSmall(this::block);
        workerPools.submitForSize(Long.MAX_VALUE, this::block);

        // When
        String recorded = workerPools.submitMetadata(() -> "recorded").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("recorded", recorded);
    }

    @Test
    void aPoolHasTheConfiguredNumberOfThreads() throws Exception {
        // Given
        CountDownLatch bothUnderWay = new CountDownLatch(2);

        // When
        try (WorkerPools wide = new WorkerPools(2, 1)) {
            CompletableFuture<Boolean> first = wide.submitSmall(() -> meet(bothUnderWay));
            CompletableFuture<Boolean> second = wide.submitSmall(() -> meet(bothUnderWay));

            // Then
            assertTrue(first.get(10, TimeUnit.SECONDS));
            assertTrue(second.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aFailureFailsTheFutureAndThePoolContinues() throws Exception {
        // Given
        CompletableFuture<String> failed = workerPools.submitSmall(() -> {
            throw new IllegalStateException("broken");
        });

        // When
        String next = workerPools.submitSmall(() -> "next").get(10, TimeUnit.SECONDS);

        // Then
        assertEquals("next", next);
        assertThrows(ExecutionException.class, () -> failed.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aStepIsDoneLater() throws Exception {
        // Given
        CompletableFuture<String> done = new CompletableFuture<>();

        // When
        workerPools.schedule(Duration.ofMillis(1), () -> done.complete("done"));

        // Then
        assertEquals("done", done.get(10, TimeUnit.SECONDS));
    }

    /** The timer's one thread runs what is due before, first. */
    @Test
    void aSleepEndsAfterTheStepsThatWereDueBefore() {
        // Given
        AtomicInteger steps = new AtomicInteger();
        workerPools.schedule(Duration.ofMillis(10), steps::incrementAndGet);

        // When
        workerPools.sleep(Duration.ofMillis(30));

        // Then
        assertEquals(1, steps.get());
    }

    @Test
    void aStepRunsLaterUnlessTheFutureIsDoneByThen() throws Exception {
        // Given
        CompletableFuture<String> late = new CompletableFuture<>();

        // When
        workerPools.scheduleUnlessDone(late, Duration.ofMillis(1), () -> late.complete("too late"));

        // Then
        assertEquals("too late", late.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aStepIsNotKeptOnceItsFutureIsDone() {
        // Given
        CompletableFuture<String> later = new CompletableFuture<>();
        CompletableFuture<String> before = CompletableFuture.completedFuture("done");
        workerPools.scheduleUnlessDone(later, Duration.ofHours(1), () -> later.complete("too late"));
        workerPools.scheduleUnlessDone(before, Duration.ofHours(1), () -> before.complete("too late"));
        int whileOneIsOpen = workerPools.scheduledSteps();

        // When
        later.complete("in time");

        // Then
        assertEquals(1, whileOneIsOpen);
        assertEquals(0, workerPools.scheduledSteps());
    }

    @Test
    void aFailureIsNoEndOfPeriodicWork() throws Exception {
        // Given
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);

        // When
        workerPools.scheduleAtFixedRate("work", Duration.ofMillis(1), () -> {
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
        WorkerPools.ScheduledTask scheduledTask = workerPools.scheduleAtFixedRate("work", Duration.ofMillis(1), () -> {
            runs.incrementAndGet();
            begun.countDown();
        });
        await(begun);

        // When
        scheduledTask.close();
        int closedAfter = runs.get();

        // Then
        CountDownLatch later = new CountDownLatch(20);
        workerPools.scheduleAtFixedRate("work", Duration.ofMillis(1), later::countDown);
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
            workerPools.submitOperation(() -> {
                underWay.countDown();
                block();
            });
        }

        // When
        boolean allBegan = underWay.await(10, TimeUnit.SECONDS);
        String small = workerPools.submitSmall(() -> "small").get(10, TimeUnit.SECONDS);
        String record = workerPools.submitMetadata(() -> "record").get(10, TimeUnit.SECONDS);

        // Then
        assertTrue(allBegan);
        assertEquals("small", small);
        assertEquals("record", record);
    }

    private boolean block() {
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
                workerPools.scheduleAtFixedRate("work", Duration.ofMillis(1), () -> {
                    hanging.incrementAndGet();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            }

            // When
            workerPools.scheduleAtFixedRate("work", Duration.ofMillis(1), others::incrementAndGet);
            boolean recorded = workerPools.submitMetadata(() -> true).join();

            // Then
            Awaitility.await().until(() -> hanging.get() == 8 && others.get() > 20);
            int atFirst = others.get();
            Awaitility.await().until(() -> others.get() > atFirst + 20);
            assertTrue(recorded);
            assertEquals(8, hanging.get());
            release.countDown();
        }
    }
}
