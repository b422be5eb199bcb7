package dev.registrybackup.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WindowTest {
    private final Lanes lanes = new Lanes(8, 1);

    @AfterEach
    void close() {
        lanes.close();
    }

    @Test
    void noMoreIsUnderWayThanItTakes() {
        // Given
        Window window = new Window(lanes, 3);
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();

        // When
        for (int piece = 0; piece < 200; piece++) {
            window.submit(0, () -> {
                most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                underWay.decrementAndGet();
                done.incrementAndGet();
            });
        }
        window.await();

        // Then
        assertEquals(200, done.get());
        assertTrue(most.get() <= 3, most::toString);
    }

    @Test
    void theFirstFailureEndsItAndIsTold() {
        // Given
        Window window = new Window(lanes, 1);
        AtomicInteger begun = new AtomicInteger();
        Runnable failing = () -> {
            begun.incrementAndGet();
            throw new IllegalStateException("the first");
        };

        // When
        window.submit(0, failing);
        IllegalStateException failure = assertThrows(IllegalStateException.class, () -> window.submit(0, failing));

        // Then
        assertEquals("the first", failure.getMessage());
        assertEquals(1, begun.get());
    }

    @Test
    void whatIsUnderWayIsFinishedBeforeAFailureIsTold() throws InterruptedException {
        // Given
        Window window = new Window(lanes, 2);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        window.submit(0, () -> {
            try {
                failed.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            done.incrementAndGet();
        });
        window.submit(0, () -> {
            failed.countDown();
            throw new IllegalStateException("failed");
        });

        // When
        assertThrows(IllegalStateException.class, window::await);

        // Then
        assertEquals(1, done.get());
    }
}
