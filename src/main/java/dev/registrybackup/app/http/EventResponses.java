package dev.registrybackup.app.http;

import dev.registrybackup.app.Service;
import dev.registrybackup.replication.EventResult;
import dev.registrybackup.replication.EventResult.Disposition;
import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns event results into responses: nothing (204), or a {@link HttpStatusException} with the status. */
@ApplicationScoped
public class EventResponses {
    /** Knative retries 404, 408, 409, 429 and 5xx, and sends everything else to the dead letter sink at once. */
    public static final int PERMANENT = 422;

    public static final int NOT_TAKEN = 503;

    private final CurrentVertxRequest request;
    private final RequestDeadline requestDeadline;
    private final Service service;

    EventResponses(CurrentVertxRequest request, RequestDeadline requestDeadline, Service service) {
        this.request = request;
        this.requestDeadline = requestDeadline;
        this.service = service;
    }

    /** For senders with a dead letter sink: rejects an event that can never succeed. */
    public Uni<Void> respond(Function<Duration, CompletableFuture<EventResult>> take) {
        Duration left = requestDeadline.remaining(request.getCurrent());
        return Uni.createFrom()
                .completionStage(() -> take.apply(left))
                .invoke(EventResponses::refuse)
                .replaceWithVoid();
    }

    /** For the dead letter sink itself: records an event that can never succeed. */
    public Uni<Void> respondRecorded(Function<Duration, CompletableFuture<EventResult>> take) {
        Duration left = requestDeadline.remaining(request.getCurrent());
        return Uni.createFrom()
                .completionStage(() -> service.rejectionRecorder().recordRejections(take.apply(left), left))
                .invoke(EventResponses::refuseUnless)
                .replaceWithVoid();
    }

    /**
     * The event's data; null if it has none, like a PingSource without data.
     *
     * @throws UnreadableEventException if the data does not match its encoding
     */
    public byte @Nullable [] data(CloudEvent<byte[]> event) {
        if (request.getCurrent().body().length() <= 0) {
            return null;
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
                    NOT_TAKEN,
                    "Neither copied nor recorded as pending: the backup bucket could not be written in time. Send it again");
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
