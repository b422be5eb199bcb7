package dev.registrybackup.app.events;

import dev.registrybackup.app.Service;
import dev.registrybackup.app.http.EventResponses;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.quarkus.funqy.knative.events.CloudEventMapping;
import io.smallrye.mutiny.Uni;
import java.time.Duration;

/**
 * The functions for events. The role alone decides which one serves CloudEvents ({@code quarkus.funqy.export} in
 * application.properties), whatever the type of an event: Funqy would answer 404 to other types, which Knative retries.
 */
public class EventFunctions {
    /** The extension in which a broker gives the dead letter sink the status of the last response. */
    private static final String ERROR_CODE = "knativeerrorcode";

    private final EventResponses answers;
    private final Service service;
    private final ScheduledOperations scheduledOperations;

    /** Funqy creates one for each call. */
    public EventFunctions(EventResponses answers, Service service, ScheduledOperations scheduledOperations) {
        this.answers = answers;
        this.service = service;
        this.scheduledOperations = scheduledOperations;
    }

    /** Replicates each registry object that the event names. */
    @Funq("replicate")
    @CloudEventMapping(trigger = "*")
    public Uni<Void> replicate(CloudEvent<byte[]> event) {
        byte[] payload = answers.data(event);
        return answers.respond(
                left -> service.notificationHandler().orElseThrow().handle(payload, left));
    }

    /** Records undeliverable events: permanently refused ones as rejected, all others as pending. */
    @Funq("dead-letter")
    public Uni<Void> deadLetter(CloudEvent<byte[]> event) {
        boolean refused = String.valueOf(EventResponses.PERMANENT)
                .equals(event.extensions().get(ERROR_CODE));
        byte[] payload = answers.data(event);
        return answers.respondRecorded(
                left -> service.deadLetterHandler().orElseThrow().handle(payload, refused, left));
    }

    /** Captures the ImageStream of an ApiServerSource's event, whose type the handler checks. */
    @Funq("capture")
    public Uni<Void> capture(CloudEvent<byte[]> event) {
        Duration left = answers.remaining();
        byte[] data = answers.data(event);
        return Uni.createFrom()
                .completionStage(
                        () -> service.imageStreamHandler().orElseThrow().handle(event.type(), data, left));
    }

    /** Starts the operation that the {@code job} extension of a PingSource's event names, unless one is running. */
    @Funq("scheduled")
    public Uni<Void> scheduled(CloudEvent<byte[]> event) {
        return scheduledOperations.start(event.type(), event.extensions().get("job"), answers.data(event));
    }
}
