package dev.registrybackup.function;

import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.smallrye.mutiny.Uni;

/** What PingSources start. */
public class ScheduledFunctions {
    private final Schedule schedule;

    /** Created for each call. */
    public ScheduledFunctions(Schedule schedule) {
        this.schedule = schedule;
    }

    /** Starts the operation that the event's {@code job} extension names, unless one is under way. */
    @Funq("scheduled")
    public Uni<Void> scheduled(CloudEvent<byte[]> event) {
        return schedule.begin(event.type(), event.extensions().get("job"), event.data());
    }
}
