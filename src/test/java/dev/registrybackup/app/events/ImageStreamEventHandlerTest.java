package dev.registrybackup.app.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.http.HttpStatusException;
import dev.registrybackup.app.metrics.CaptureMetrics;
import dev.registrybackup.app.metrics.ReplicationMetrics;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ImageStreamCapture;
import dev.registrybackup.imagestream.PushLatencyTracker;
import dev.registrybackup.notification.NotJsonException;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.LatencyRecorder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The responses to events about ImageStreams. */
class ImageStreamEventHandlerTest {
    private static final String UPDATED = "dev.knative.apiserver.ref.update";
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String CHANGES = "registry-backup/openshift/changes/";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final FakeCluster cluster = new FakeCluster();
    private final RandomRegistry content = new RandomRegistry(3);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final WorkerPools workerPools = new WorkerPools(4, 1);
    private final AtomicInteger random = new AtomicInteger();
    private ImageStreamEventHandler eventHandler;

    @BeforeEach
    void begin(@TempDir Path scratch) {
        CaptureReader captureReader = new CaptureReader(backup, scratch);
        CaptureMetrics captureMetrics = new CaptureMetrics(meters);
        eventHandler = new ImageStreamEventHandler(new ImageStreamEventHandler.Components(
                cluster::hasImages,
                new ImageStreamCapture(cluster, backup, clock, () -> "%08x".formatted(random.incrementAndGet())),
                captureReader,
                new PushLatencyTracker(backup, captureReader, content.layout(), workerPools, clock, captureMetrics),
                workerPools,
                clock,
                new ReplicationMetrics(meters, new LatencyRecorder(backup, "a", clock), clock),
                captureMetrics));
        Digest image = content.image("ns/app", content.layer("ns/app", 50));
        content.objects().forEach(bucket::seed);
        cluster.push(image);
        cluster.tag("ns/app", "v1", image, clock.instant());
    }

    @AfterEach
    void end() {
        workerPools.close();
    }

    private CompletableFuture<Void> handle(String stream, Duration left) {
        String[] parts = stream.split("/", 2);
        String data =
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"%s\",\"name\":\"%s\"}"
                        .formatted(parts[0], parts[1]);
        return eventHandler.handle(UPDATED, data.getBytes(StandardCharsets.UTF_8), left);
    }

    private static int refused(Supplier<CompletableFuture<Void>> event) {
        try {
            event.get().join();
            return 204;
        } catch (CompletionException e) {
            return e.getCause() instanceof HttpStatusException httpStatusException ? httpStatusException.status() : 0;
        } catch (HttpStatusException e) {
            return e.status();
        }
    }

    @Test
    void anEventIsAcknowledgedOnceItsStreamIsRecorded() {
        // When
        handle("ns/app", LONG).join();

        // Then
        assertEquals(1, bucket.keys(CHANGES + "ns/app/").size());
        Awaitility.await()
                .until(() -> meters.find("registry_backup_push_to_restorable").timer() != null);
    }

    @Test
    void aStreamWithATagThatCannotBePulledIsPutOnRecordToo() {
        // Given
        cluster.tag("ns/app", "1.0+1", Digest.parse("sha256:" + "0".repeat(64)), clock.instant());

        // When
        int status = refused(() -> handle("ns/app", LONG));

        // Then
        assertEquals(204, status);
        assertEquals(1, bucket.keys(CHANGES + "ns/app/").size());
    }

    @Test
    void hintsThatComeWhileAStreamIsCapturedShareTheNextCapture() {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger most = new AtomicInteger();
        AtomicInteger under = new AtomicInteger();
        cluster.onCall(call -> {
            most.accumulateAndGet(under.incrementAndGet(), Math::max);
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                under.decrementAndGet();
            }
        });
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        for (int event = 0; event < 50; event++) {
            answers.add(handle("ns/app", LONG));
        }

        // When
        go.countDown();
        answers.forEach(CompletableFuture::join);

        // Then
        assertEquals(1, most.get());
        assertEquals(
                4,
                cluster.calls().stream()
                        .filter(call -> call.startsWith("find imagestreams"))
                        .count());
    }

    @ParameterizedTest
    @CsvSource({
        "dev.knative.sources.ping, ImageStream, ns, app",
        "dev.knative.apiserver.ref.update, Secret, ns, app",
        "dev.knative.apiserver.ref.update, ImageStream, ns, ''",
        "dev.knative.apiserver.ref.update, ImageStream, ns, a/b",
        "dev.knative.apiserver.ref.update, ImageStream, .., app",
        "dev.knative.apiserver.ref.update, ImageStream, ns, App?x=y",
    })
    void anEventAboutAnotherKindIsRejectedWithoutAskingTheCluster(
            String type, String kind, String namespace, String name) {
        // Given
        byte[] data = "{\"kind\":\"%s\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"%s\",\"name\":\"%s\"}"
                .formatted(kind, namespace, name)
                .getBytes(StandardCharsets.UTF_8);

        // When
        int status = refused(() -> eventHandler.handle(type, data, LONG));

        // Then
        assertEquals(422, status);
        assertEquals(List.of(), cluster.calls());
    }

    @Test
    void anEmptyEventIsNotJson() {
        // When
        NotJsonException refusal =
                assertThrows(NotJsonException.class, () -> eventHandler.handle(UPDATED, new byte[0], LONG));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).contains("it is empty"), refusal::getMessage);
    }

    @Test
    void aClusterWithoutImageStreamsIsRejectedAndNothingCountsAsDeleted() {
        // Given
        cluster.withoutImages();

        // When
        int status = refused(() -> handle("ns/app", LONG));

        // Then
        assertEquals(422, status);
        assertEquals(List.of(), bucket.keys(CHANGES));
    }

    @Test
    void aFailedClusterIsAskedAgainWithTheNextEvent() {
        // Given
        cluster.fail(ClusterError.FORBIDDEN);
        int failed = refused(() -> handle("ns/app", LONG));
        cluster.onCall(call -> {});

        // When
        int status = refused(() -> handle("ns/app", LONG));

        // Then
        assertEquals(List.of(503, 204), List.of(failed, status));
    }

    @Test
    void aFailedStoreIsWrittenAgainWithTheNextEvent() {
        // Given
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && key.startsWith(CHANGES)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "away");
            }
        });
        int failed = refused(() -> handle("ns/app", LONG));
        backup.beforeRequest((operation, key) -> {});

        // When
        int status = refused(() -> handle("ns/app", LONG));

        // Then
        assertEquals(List.of(503, 204), List.of(failed, status));
        assertEquals(1, bucket.keys(CHANGES).size());
    }

    @Test
    void ifTheClusterDoesNotAnswerInTimeTheEventIsRetriedAndTheCaptureContinues() {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        cluster.onCall(call -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        // When
        int status = refused(() -> handle("ns/app", Duration.ofMillis(550)));
        go.countDown();

        // Then
        assertEquals(503, status);
        Awaitility.await().until(() -> bucket.keys(CHANGES).size() == 1);
    }

    @Test
    void aDeletionIsPutOnRecord() {
        // Given
        handle("ns/app", LONG).join();
        clock.advance(Duration.ofSeconds(1));
        cluster.delete("ns/app");

        // When
        handle("ns/app", LONG).join();

        // Then
        assertTrue(new CaptureReader(bucket, Path.of("."))
                .find(new RepositoryName("ns/app"), clock.instant())
                .orElseThrow()
                .isDeleted());
    }
}
