package dev.registrybackup.app.events;

import dev.registrybackup.app.http.EventResponses;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.smallrye.mutiny.Uni;

/** The function for events of PingSources. */
public class ScheduledFunctions {
    private final ScheduledOperations scheduledOperations;
    private final EventResponses answers;

    /** Funqy creates one for each call. */
    public ScheduledFunctions(ScheduledOperations scheduledOperations, EventResponses answers) {
        this.scheduledOperations = scheduledOperations;
        this.answers = answers;
    }

    /** Starts the operation that the event's {@code job} extension names, unless one is running. */
    @Funq("scheduled")
    public Uni<Void> scheduled(CloudEvent<byte[]> event) {
        return scheduledOperations.start(event.type(), event.extensions().get("job"), answers.data(event));
    }
}
