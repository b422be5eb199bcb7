package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BoundedTaskGroupTest {
    private final WorkerPools workerPools = new WorkerPools(8, 1);

    @AfterEach
    void close() {
        workerPools.close();
    }

    @Test
    void noMoreIsUnderWayThanItTakes() {
        // Given
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, 3);
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();

        // When
        for (int piece = 0; piece < 200; piece++) {
            boundedTaskGroup.submit(0, () -> {
                most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                underWay.decrementAndGet();
                done.incrementAndGet();
            });
        }
        boundedTaskGroup.await();

        // Then
        assertEquals(200, done.get());
        assertTrue(most.get() <= 3, most::toString);
    }

    @Test
    void theFirstFailureStopsTheGroupAndIsThrown() {
        // Given
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, 1);
        AtomicInteger begun = new AtomicInteger();
        Runnable failing = () -> {
            begun.incrementAndGet();
            throw new IllegalStateException("the first");
        };

        // When
        boundedTaskGroup.submit(0, failing);
        IllegalStateException failure =
                assertThrows(IllegalStateException.class, () -> boundedTaskGroup.submit(0, failing));

        // Then
        assertEquals("the first", failure.getMessage());
        assertEquals(1, begun.get());
    }

    @Test
    void runningTasksFinishBeforeAFailureIsThrown() throws InterruptedException {
        // Given
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, 2);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        boundedTaskGroup.submit(0, () -> {
            try {
                failed.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            done.incrementAndGet();
        });
        boundedTaskGroup.submit(0, () -> {
            failed.countDown();
            throw new IllegalStateException("failed");
        });

        // When
        assertThrows(IllegalStateException.class, boundedTaskGroup::await);

        // Then
        assertEquals(1, done.get());
    }
}
