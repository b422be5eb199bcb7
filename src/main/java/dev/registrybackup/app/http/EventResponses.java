package dev.registrybackup.app.http;

import dev.registrybackup.app.Service;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.replication.EventResult;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Keeps the deadline of each request, and turns event results into responses: nothing (204), or a
 * {@link HttpStatusException} with the status.
 */
@ApplicationScoped
public class EventResponses {
    /** Knative retries 404, 408, 409, 429 and 5xx, and sends everything else to the dead letter sink at once. */
    public static final int PERMANENT = 422;

    public static final int UNAVAILABLE = 503;

    private static final String ARRIVED_AT = EventResponses.class.getName();

    private final CurrentVertxRequest request;
    private final Duration answerWithin;
    private final Service service;

    EventResponses(CurrentVertxRequest request, Settings settings, Service service) {
        this.request = request;
        this.answerWithin = settings.configuration().events().answerWithin();
        this.service = service;
    }

    /** Records that the request arrives at Vert.x now: its deadline counts from here. */
    static void arrived(RoutingContext request) {
        request.put(ARRIVED_AT, System.nanoTime());
    }

    /** The time left to answer the request; negative once the deadline has passed. */
    Duration remaining(RoutingContext request) {
        long arrived = request.get(ARRIVED_AT);
        return answerWithin.minusNanos(System.nanoTime() - arrived);
    }

    /** As {@link #remaining(RoutingContext)}, of the current request. */
    public Duration remaining() {
        return remaining(request.getCurrent());
    }

    /** For senders with a dead letter sink: rejects an event that can never succeed. */
    public Uni<Void> respond(Function<Duration, CompletableFuture<EventResult>> handle) {
        Duration left = remaining();
        return Uni.createFrom()
                .completionStage(() -> handle.apply(left))
                .invoke(EventResponses::refuse)
                .replaceWithVoid();
    }

    /** For the dead letter sink itself: records an event that can never succeed. */
    public Uni<Void> respondRecorded(Function<Duration, CompletableFuture<EventResult>> handle) {
        Duration left = remaining();
        return Uni.createFrom()
                .completionStage(() -> service.rejectionRecorder().recordRejections(handle.apply(left), left))
                .invoke(EventResponses::refuseUnless)
                .replaceWithVoid();
    }

    /**
     * The event's data; empty if it has none, like a PingSource without data.
     *
     * @throws UnreadableEventException if the data does not match its encoding
     */
    public byte[] data(CloudEvent<byte[]> event) {
        if (request.getCurrent().body().length() <= 0) {
            return new byte[0];
        }
        try {
            return event.data();
        } catch (RuntimeException e) {
            throw new UnreadableEventException("The event's data cannot be read: " + e.getMessage());
        }
    }

    static void refuseUnless(boolean done) {
        if (!done) {
            throw new HttpStatusException(
                    UNAVAILABLE,
                    "Neither copied nor recorded as pending: the backup bucket could not be written in time. Send it"
                            + " again");
        }
    }

    private static void refuse(EventResult eventResult) {
        refuseUnless(eventResult.disposition() != Disposition.RETRY);
        if (eventResult.disposition() == Disposition.REJECT) {
            String reasons =
                    eventResult.rejections().stream().map(Rejection::reason).collect(Collectors.joining("; "));
            throw new HttpStatusException(
                    PERMANENT,
                    "Rejected: "
                            + (reasons.isEmpty()
                                    ? "the link is blocked, because something below it is corrupt"
                                    : reasons));
        }
    }
}
