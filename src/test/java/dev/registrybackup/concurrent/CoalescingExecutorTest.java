package dev.registrybackup.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CoalescingExecutorTest {
    private final CoalescingExecutor<Integer> executor = new CoalescingExecutor<>();
    private final List<CompletableFuture<Integer>> started = new ArrayList<>();

    @Test
    void aRunGivesItsResult() {
        // Given
        CompletableFuture<Integer> asked = executor.submit("key", this::startRun);

        // When
        started.get(0).complete(1);

        // Then
        assertEquals(1, asked.join());
    }

    @Test
    void callersDuringARunShareTheNextOne() {
        // Given
        CompletableFuture<Integer> first = executor.submit("key", this::startRun);
        CompletableFuture<Integer> second = executor.submit("key", this::startRun);
        CompletableFuture<Integer> third = executor.submit("key", this::startRun);

        // When
        started.get(0).complete(1);

        // Then
        assertEquals(1, first.join());
        assertFalse(second.isDone());
        assertEquals(2, started.size());
        started.get(1).complete(2);
        assertEquals(2, second.join());
        assertEquals(2, third.join());
        assertEquals(2, started.size());
    }

    @Test
    void aCallerDuringTheNextRunGetsAThird() {
        // Given
        executor.submit("key", this::startRun);
        executor.submit("key", this::startRun);
        started.get(0).complete(1);
        CompletableFuture<Integer> late = executor.submit("key", this::startRun);

        // When
        started.get(1).complete(2);

        // Then
        assertFalse(late.isDone());
        started.get(2).complete(3);
        assertEquals(3, late.join());
    }

    @Test
    void keysDoNotWaitForOneAnother() {
        // Given
        executor.submit("stalls", this::startRun);

        // When
        CompletableFuture<Integer> other = executor.submit("other", () -> CompletableFuture.completedFuture(7));

        // Then
        assertEquals(7, other.join());
    }

    @Test
    void aFailureDoesNotStick() {
        // Given
        IllegalStateException broken = new IllegalStateException("broken");
        CompletableFuture<Integer> first = executor.submit("key", this::startRun);
        CompletableFuture<Integer> second = executor.submit("key", this::startRun);

        // When
        started.get(0).completeExceptionally(broken);

        // Then
        ExecutionException failure = assertThrows(ExecutionException.class, first::get);
        assertSame(broken, failure.getCause());
        started.get(1).complete(2);
        assertEquals(2, second.join());
        CompletableFuture<Integer> later = executor.submit("key", this::startRun);
        started.get(2).complete(3);
        assertEquals(3, later.join());
    }

    @Test
    void workThatThrowsWhenItStartsIsAFailedRun() {
        // Given
        Error broken = new NoClassDefFoundError("broken");

        // When
        CompletableFuture<Integer> failed = executor.submit("key", () -> {
            throw broken;
        });

        // Then
        ExecutionException failure = assertThrows(ExecutionException.class, failed::get);
        assertSame(broken, failure.getCause());
        assertEquals(
                1,
                executor.submit("key", () -> CompletableFuture.completedFuture(1))
                        .join());
    }

    @Test
    void followingWorkThatThrowsWhenItStartsIsAFailedRunToo() {
        // Given
        executor.submit("key", this::startRun);
        CompletableFuture<Integer> following = executor.submit("key", () -> {
            throw new IllegalStateException("broken");
        });

        // When
        started.get(0).complete(1);

        // Then
        assertThrows(ExecutionException.class, following::get);
        assertEquals(
                1,
                executor.submit("key", () -> CompletableFuture.completedFuture(1))
                        .join());
    }

    @Test
    void aCallerInARunsCompletionGetsANewRun() {
        // Given
        CompletableFuture<Integer> again =
                executor.submit("key", this::startRun).thenCompose(first -> executor.submit("key", this::startRun));

        // When
        started.get(0).complete(1);
        started.get(1).complete(2);

        // Then
        assertEquals(2, again.join());
    }

    @Test
    void manyThreadsNeverRunOneKeyTwiceAtATimeAndEachSeesARunThatBeganAfterItAsked() throws Exception {
        // Given
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger counter = new AtomicInteger();
        AtomicInteger stale = new AtomicInteger();
        ExecutorService askers = Executors.newFixedThreadPool(8);
        ExecutorService workers = Executors.newFixedThreadPool(4);

        // When
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (int number = 0; number < 5_000; number++) {
            asked.add(CompletableFuture.runAsync(
                    () -> {
                        int before = counter.get();
                        int got = executor.submit(
                                        "key",
                                        () -> CompletableFuture.supplyAsync(
                                                () -> {
                                                    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                                                    int result = counter.incrementAndGet();
                                                    underWay.decrementAndGet();
                                                    return result;
                                                },
                                                workers))
                                .join();
                        if (got <= before) {
                            stale.incrementAndGet();
                        }
                    },
                    askers));
        }
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).get(2, TimeUnit.MINUTES);
        askers.shutdownNow();
        workers.shutdownNow();

        // Then
        assertEquals(1, most.get());
        assertEquals(0, stale.get());
    }

    private CompletableFuture<Integer> startRun() {
        CompletableFuture<Integer> run = new CompletableFuture<>();
        started.add(run);
        return run;
    }
}
