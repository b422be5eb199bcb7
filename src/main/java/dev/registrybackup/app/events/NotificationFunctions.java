package dev.registrybackup.app.events;

import dev.registrybackup.app.Service;
import dev.registrybackup.app.http.EventResponses;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.quarkus.funqy.knative.events.CloudEventMapping;
import io.smallrye.mutiny.Uni;

/**
 * The functions for notifications. The role alone decides which function serves CloudEvents ({@code
 * quarkus.funqy.export} is {@code service.role}), whatever the type of an event.
 */
public class NotificationFunctions {
    /** The extension in which a broker gives the dead letter sink the status of the last response. */
    private static final String ERROR_CODE = "knativeerrorcode";

    private final EventResponses answers;
    private final Service service;

    /** Funqy creates one for each call. */
    public NotificationFunctions(EventResponses answers, Service service) {
        this.answers = answers;
        this.service = service;
    }

    /** Replicates each registry object that the event names. */
    @Funq("replicate")
    @CloudEventMapping(trigger = "*")
    public Uni<Void> replicate(CloudEvent<byte[]> event) {
        byte[] payload = payload(event);
        return answers.respond(left -> service.requireNotificationHandler().handle(payload, left));
    }

    /** Records undeliverable events: permanently refused ones as rejected, all others as pending. */
    @Funq("dead-letter")
    public Uni<Void> deadLetter(CloudEvent<byte[]> event) {
        boolean refused = String.valueOf(EventResponses.PERMANENT)
                .equals(event.extensions().get(ERROR_CODE));
        byte[] payload = payload(event);
        return answers.respondRecorded(
                left -> service.requireDeadLetterHandler().handle(payload, refused, left));
    }

    private byte[] payload(CloudEvent<byte[]> event) {
        byte[] data = answers.data(event);
        return data == null ? new byte[0] : data;
    }
}
