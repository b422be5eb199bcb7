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
 * Takes hints at ImageStreams and has these captured, each once at a time: hints that come meanwhile share the capture that
 * follows. Safe for use by many threads.
 */
public final class ImageStreamEventHandler {
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(30);
    /** What the way back takes. */
    private static final Duration ANSWER_RESERVE = Duration.ofMillis(500);

    private final ImageStreamEventDecoder decoder = new ImageStreamEventDecoder();
    private final CoalescingExecutor<Boolean> runs = new CoalescingExecutor<>();
    private final Components components;

    /**
     * What it works with.
     *
     * @param hasImages whether the cluster has ImageStreams
     * @param replicationListener is told what cannot be understood
     */
    public record Components(
            BooleanSupplier hasImages,
            ImageStreamCapture capture,
            CaptureReader captureReader,
            PushLatencyTracker pushes,
            WorkerPools workerPools,
            Clock clock,
            ReplicationListener replicationListener,
            CaptureMetrics told) {}

    public ImageStreamEventHandler(Components components) {
        this.components = components;
    }

    /** Looks after what was pushed, from now on. */
    public ImageStreamEventHandler start() {
        components.told().begin();
        components.workerPools().scheduleAtFixedRate(POLL_INTERVAL, components.pushes()::poll);
        return this;
    }

    /**
     * Has the stream captured that the event is about.
     *
     * @param left how much time there is to answer
     * @return done once what the stream was, at some time after this call, is durable; fails within that time with a {@link
     *     HttpStatusException} otherwise: for good, or to be sent again
     * @throws HttpStatusException for good, if the event is about no ImageStream
     * @throws dev.registrybackup.notification.NotJsonException if its data is no JSON
     */
    CompletableFuture<Void> handle(@Nullable String type, byte @Nullable [] data, Duration left) {
        RepositoryName stream = stream(type, data == null ? new byte[0] : data);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        runs.submit(stream.value(), () -> components.workerPools().submitSmall(() -> capture(stream)))
                .whenComplete((isOpenShift, failure) -> respond(answer, stream, isOpenShift, failure));
        if (!answer.isDone()) {
            components
                    .workerPools()
                    .schedule(left.minus(ANSWER_RESERVE), () -> answer.completeExceptionally(retryLater(stream)));
        }
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

    /** Says whether there can be such a stream. */
    private boolean capture(RepositoryName stream) {
        if (!components.hasImages().getAsBoolean()) {
            return false;
        }
        Instant begun = components.clock().instant();
        Result result = components.capture().capture(stream);
        Duration took = Duration.between(begun, components.clock().instant());
        if (result.captured().isDeleted()) {
            components.told().deleted(stream, result.isNew(), took);
        } else {
            components
                    .told()
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

    /** Only for the figures: what is on record is, whatever comes of this. */
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
                        components.told().failed(result.captured().stream(), WorkerPools.unwrap(failure));
                    }
                });
    }

    private void respond(
            CompletableFuture<Void> answer,
            RepositoryName stream,
            @Nullable Boolean isOpenShift,
            @Nullable Throwable failure) {
        if (failure != null) {
            components.told().failed(stream, WorkerPools.unwrap(failure));
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
                EventResponses.NOT_TAKEN,
                "ImageStream %s is not on record as it is now. Send it again".formatted(stream));
    }
}
