package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.operation.FencedException;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards that are compared at once. */
class DiffPhaseTest {
    private static final int MAX_SECONDS = 60;

    private final RandomRegistry content = RandomRegistry.random(4);
    private ReconcileFixture fixture;

    @BeforeEach
    void setUp(@TempDir Path scratch) {
        fixture = new ReconcileFixture(scratch).withContent(content);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
    }

    @Test
    void smallShardsAreComparedAtOnceAndReportedInTheOrderOfKeys() {
        // Given
        fixture.run();
        content.image("late/app", content.layer("late/app", 10));
        fixture.withContent(content);
        CountDownLatch both = new CountDownLatch(2);
        fixture.comparer().beforeCompare(() -> {
            both.countDown();
            await(both);
        });

        // When
        Reconciliation.ReconcileResult reconcileResult = fixture.run();

        // Then
        assertEquals(0, both.getCount());
        assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
        assertEquals(fixture.registryContent(), fixture.backupContent());
        String blobs = "rclone ls " + content.layout().blobsPrefix();
        String links = "rclone ls " + content.layout().repositoriesPrefix();
        assertEquals(
                List.of(blobs, blobs, links, links, "rclone ls "),
                StreamSupport.stream(
                                reconcileResult
                                        .summary()
                                        .path("rclone")
                                        .path("commands")
                                        .spliterator(),
                                false)
                        .map(command -> command.asText())
                        .toList());
    }

    @Test
    void aRunThatIsStoppedEndsOnlyOnceEveryComparisonHasEnded() {
        // Given
        fixture.run();
        CountDownLatch both = new CountDownLatch(2);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicBoolean isFirst = new AtomicBoolean(true);
        AtomicBoolean hasOtherEnded = new AtomicBoolean();
        fixture.comparer().beforeCompare(() -> {
            boolean fails = isFirst.getAndSet(false);
            both.countDown();
            await(both);
            if (fails) {
                failed.countDown();
                throw new FencedException("Another run took over");
            }
            await(failed);
            hasOtherEnded.set(true);
        });

        // When
        assertThrows(FencedException.class, fixture::run);

        // Then
        assertTrue(hasOtherEnded.get());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(MAX_SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while two comparisons should run", e);
        }
    }
}
