package dev.registrybackup.app.events;

import dev.registrybackup.app.http.EventResponses;
import dev.registrybackup.app.http.HttpStatusException;
import dev.registrybackup.app.metrics.CaptureMetrics;
import dev.registrybackup.concurrent.CoalescingExecutor;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ImageStreamCapture;
import dev.registrybackup.imagestream.ImageStreamCapture.Result;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.PushLatencyTracker;
import dev.registrybackup.notification.ImageStreamEvent;
import dev.registrybackup.notification.ImageStreamEventDecoder;
import dev.registrybackup.notification.UndecodableEventException;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.ReplicationListener;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Captures the ImageStreams of events, each once at a time: events that arrive meanwhile share the next capture. Safe
 * for use by many threads.
 */
public final class ImageStreamEventHandler {
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(30);
    /** The time that the response needs. */
    private static final Duration ANSWER_RESERVE = Duration.ofMillis(500);

    private final ImageStreamEventDecoder decoder = new ImageStreamEventDecoder();
    private final CoalescingExecutor<Boolean> runs = new CoalescingExecutor<>();
    private final Components components;

    /**
     * The parts that the handler uses.
     *
     * @param hasImages whether the cluster has ImageStreams
     * @param replicationListener receives events that cannot be decoded
     */
    public record Components(
            BooleanSupplier hasImages,
            ImageStreamCapture capture,
            CaptureReader captureReader,
            PushLatencyTracker pushes,
            WorkerPools workerPools,
            Clock clock,
            ReplicationListener replicationListener,
            CaptureMetrics metrics) {}

    public ImageStreamEventHandler(Components components) {
        this.components = components;
    }

    /** Starts tracking the latency of pushes. */
    public ImageStreamEventHandler start() {
        components.metrics().begin();
        components
                .workerPools()
                .scheduleAtFixedRate("capture of pushed ImageStreams", POLL_INTERVAL, components.pushes()::poll);
        return this;
    }

    /**
     * Captures the event's stream.
     *
     * @param left the time left to answer
     * @return completes once a state of the stream from after this call is durable; otherwise fails within that time
     * with a {@link HttpStatusException}, permanent or to be sent again
     * @throws HttpStatusException permanent, if the event is not about an ImageStream
     * @throws dev.registrybackup.notification.NotJsonException if its data is not JSON
     */
    CompletableFuture<Void> handle(@Nullable String type, byte[] data, Duration left) {
        RepositoryName stream = stream(type, data);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        runs.submit(stream.value(), () -> components.workerPools().submitSmall(() -> capture(stream)))
                .whenComplete((isOpenShift, failure) -> respond(answer, stream, isOpenShift, failure));
        components
                .workerPools()
                .scheduleUnlessDone(
                        answer, left.minus(ANSWER_RESERVE), () -> answer.completeExceptionally(retryLater(stream)));
        return answer;
    }

    private RepositoryName stream(@Nullable String type, byte[] data) {
        try {
            ImageStreamEvent notice = decoder.decode(type, data);
            RepositoryName stream = new RepositoryName(notice.namespace() + "/" + notice.name());
            ObjectName.stream(stream);
            return stream;
        } catch (UndecodableEventException | IllegalArgumentException e) {
            String reason = String.valueOf(e.getMessage());
            components.replicationListener().undecodable(reason);
            throw new HttpStatusException(EventResponses.PERMANENT, reason);
        }
    }

    /** Whether there can be such a stream. */
    private boolean capture(RepositoryName stream) {
        if (!components.hasImages().getAsBoolean()) {
            return false;
        }
        Instant startedAt = components.clock().instant();
        Result result = components.capture().capture(stream);
        Duration took = Duration.between(startedAt, components.clock().instant());
        if (result.captured().isDeleted()) {
            components.metrics().deleted(stream, result.isNew(), took);
        } else {
            components
                    .metrics()
                    .captured(
                            result.captured(),
                            components.captureReader().stream(result.captured()),
                            result.isNew(),
                            took);
        }
        if (result.isNew()) {
            watch(result);
        }
        return true;
    }

    /** For metrics only: the capture is durable whatever the result of this. */
    private void watch(Result result) {
        components
                .workerPools()
                .submitMetadata(() -> {
                    components.pushes().add(result);
                    components.pushes().poll();
                    return true;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        components.metrics().failed(result.captured().stream(), WorkerPools.unwrap(failure));
                    }
                });
    }

    private void respond(
            CompletableFuture<Void> answer,
            RepositoryName stream,
            @Nullable Boolean isOpenShift,
            @Nullable Throwable failure) {
        if (failure != null) {
            components.metrics().failed(stream, WorkerPools.unwrap(failure));
            answer.completeExceptionally(retryLater(stream));
        } else if (Boolean.TRUE.equals(isOpenShift)) {
            answer.complete(null);
        } else {
            answer.completeExceptionally(new HttpStatusException(
                    EventResponses.PERMANENT, "The cluster has no ImageStreams: there is nothing to capture"));
        }
    }

    private static HttpStatusException retryLater(RepositoryName stream) {
        return new HttpStatusException(
                EventResponses.UNAVAILABLE,
                "The current state of ImageStream %s was not captured. Send it again".formatted(stream));
    }
}
