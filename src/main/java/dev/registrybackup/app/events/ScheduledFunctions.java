package dev.registrybackup.app.events;

import dev.registrybackup.app.http.EventResponses;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.smallrye.mutiny.Uni;

/** What PingSources start. */
public class ScheduledFunctions {
    private final ScheduledOperations scheduledOperations;
    private final EventResponses answers;

    /** Created for each call. */
    public ScheduledFunctions(ScheduledOperations scheduledOperations, EventResponses answers) {
        this.scheduledOperations = scheduledOperations;
        this.answers = answers;
    }

    /** Starts the operation that the event's {@code job} extension names, unless one is under way. */
    @Funq("scheduled")
    public Uni<Void> scheduled(CloudEvent<byte[]> event) {
        return scheduledOperations.start(event.type(), event.extensions().get("job"), answers.data(event));
    }
}
