package dev.registrybackup.app.events;

import dev.registrybackup.app.Service;
import dev.registrybackup.app.http.EventResponses;
import dev.registrybackup.app.http.RequestDeadline;
import io.quarkus.funqy.Funq;
import io.quarkus.funqy.knative.events.CloudEvent;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Uni;
import java.time.Duration;

/** The function for events of the cluster's API. */
public class CaptureFunctions {
    private final Service service;
    private final CurrentVertxRequest request;
    private final RequestDeadline requestDeadline;
    private final EventResponses answers;

    /** Funqy creates one for each call. */
    public CaptureFunctions(
            Service service, CurrentVertxRequest request, RequestDeadline requestDeadline, EventResponses answers) {
        this.service = service;
        this.request = request;
        this.requestDeadline = requestDeadline;
        this.answers = answers;
    }

    /**
     * Captures the ImageStream of an ApiServerSource's event. Checks the type itself: Funqy maps a function to one type
     * and answers 404 to others, which Knative retries, but the source has three types for each mode. So events of any
     * type come here ({@code quarkus.funqy.export} in application.properties).
     */
    @Funq("capture")
    public Uni<Void> capture(CloudEvent<byte[]> event) {
        Duration left = requestDeadline.remaining(request.getCurrent());
        byte[] data = answers.data(event);
        return Uni.createFrom()
                .completionStage(() -> service.requireImageStreamHandler().handle(event.type(), data, left));
    }
}
