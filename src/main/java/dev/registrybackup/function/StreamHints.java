package dev.registrybackup.function;

import dev.registrybackup.event.ImageStreamNotice;
import dev.registrybackup.event.ImageStreamNoticeDecoder;
import dev.registrybackup.event.UndecodableEventException;
import dev.registrybackup.intake.Journal;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.openshift.PushWatch;
import dev.registrybackup.openshift.StreamCapture;
import dev.registrybackup.openshift.StreamCapture.Result;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.transfer.KeyedRuns;
import dev.registrybackup.transfer.Lanes;
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
final class StreamHints {
    private static final Duration LOOK = Duration.ofSeconds(30);
    /** What the way back takes. */
    private static final Duration TO_ANSWER = Duration.ofMillis(500);

    private final ImageStreamNoticeDecoder decoder = new ImageStreamNoticeDecoder();
    private final KeyedRuns<Boolean> runs = new KeyedRuns<>();
    private final Parts parts;

    /**
     * What it works with.
     *
     * @param hasImages whether the cluster has ImageStreams
     * @param journal is told what cannot be understood
     */
    record Parts(
            BooleanSupplier hasImages,
            StreamCapture capture,
            Captures captures,
            PushWatch pushes,
            Lanes lanes,
            Clock clock,
            Journal journal,
            CaptureJournal told) {}

    StreamHints(Parts parts) {
        this.parts = parts;
    }

    /** Looks after what was pushed, from now on. */
    StreamHints start() {
        parts.told().begin();
        parts.lanes().every(LOOK, parts.pushes()::look);
        return this;
    }

    /**
     * Has the stream captured that the event is about.
     *
     * @param left how much time there is to answer
     * @return done once what the stream was, at some time after this call, is durable; fails within that time with a {@link
     *     Refusal} otherwise: for good, or to be sent again
     * @throws Refusal for good, if the event is about no ImageStream
     * @throws dev.registrybackup.event.NotJsonException if its data is no JSON
     */
    CompletableFuture<Void> take(@Nullable String type, byte @Nullable [] data, Duration left) {
        RepositoryName stream = stream(type, data == null ? new byte[0] : data);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        runs.run(stream.value(), () -> parts.lanes().small(() -> capture(stream)))
                .whenComplete((isOpenShift, failure) -> settle(answer, stream, isOpenShift, failure));
        if (!answer.isDone()) {
            parts.lanes().after(left.minus(TO_ANSWER), () -> answer.completeExceptionally(notYet(stream)));
        }
        return answer;
    }

    private RepositoryName stream(@Nullable String type, byte[] data) {
        try {
            ImageStreamNotice notice = decoder.decode(type, data);
            RepositoryName stream = new RepositoryName(notice.namespace() + "/" + notice.name());
            ObjectName.stream(stream);
            return stream;
        } catch (UndecodableEventException | IllegalArgumentException e) {
            String reason = String.valueOf(e.getMessage());
            parts.journal().undecodable(reason);
            throw new Refusal(EventAnswers.PERMANENT, reason);
        }
    }

    /** Says whether there can be such a stream. */
    private boolean capture(RepositoryName stream) {
        if (!parts.hasImages().getAsBoolean()) {
            return false;
        }
        Instant begun = parts.clock().instant();
        Result result = parts.capture().capture(stream);
        Duration took = Duration.between(begun, parts.clock().instant());
        if (result.captured().isGone()) {
            parts.told().gone(stream, result.isNew(), took);
        } else {
            parts.told().captured(result.captured(), parts.captures().stream(result.captured()), result.isNew(), took);
        }
        if (result.isNew()) {
            watch(result);
        }
        return true;
    }

    /** Only for the figures: what is on record is, whatever comes of this. */
    private void watch(Result result) {
        parts.lanes()
                .record(() -> {
                    parts.pushes().add(result);
                    parts.pushes().look();
                    return true;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        parts.told().failed(result.captured().stream(), Lanes.cause(failure));
                    }
                });
    }

    private void settle(
            CompletableFuture<Void> answer,
            RepositoryName stream,
            @Nullable Boolean isOpenShift,
            @Nullable Throwable failure) {
        if (failure != null) {
            parts.told().failed(stream, Lanes.cause(failure));
            answer.completeExceptionally(notYet(stream));
        } else if (Boolean.TRUE.equals(isOpenShift)) {
            answer.complete(null);
        } else {
            answer.completeExceptionally(new Refusal(
                    EventAnswers.PERMANENT, "The cluster has no ImageStreams: there is nothing to capture"));
        }
    }

    private static Refusal notYet(RepositoryName stream) {
        return new Refusal(
                EventAnswers.NOT_TAKEN,
                "ImageStream %s is not on record as it is now. Send it again".formatted(stream));
    }
}
