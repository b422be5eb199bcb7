package dev.registrybackup.app.events;

import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.smallrye.mutiny.Uni;

/** What PingSources start. */
public class ScheduledFunctions {
    private final ScheduledOperations scheduledOperations;

    /** Created for each call. */
    public ScheduledFunctions(ScheduledOperations scheduledOperations) {
        this.scheduledOperations = scheduledOperations;
    }

    /** Starts the operation that the event's {@code job} extension names, unless one is under way. */
    @Funq("scheduled")
    public Uni<Void> scheduled(CloudEvent<byte[]> event) {
        return scheduledOperations.start(event.type(), event.extensions().get("job"), event.data());
    }
}
