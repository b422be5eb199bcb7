package dev.registrybackup.app.http;

import dev.registrybackup.app.config.Settings;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** When each request arrived at Vert.x, from which the time to answer it is counted. */
@ApplicationScoped
public class RequestDeadline {
    private static final String ARRIVED_AT = RequestDeadline.class.getName();

    private final Duration answerWithin;

    RequestDeadline(Settings settings) {
        this.answerWithin = settings.answerWithin();
    }

    /** The request arrives now. */
    void mark(RoutingContext request) {
        request.put(ARRIVED_AT, System.nanoTime());
    }

    /** How much time is left to answer it; negative if none is. */
    public Duration remaining(RoutingContext request) {
        long arrived = request.get(ARRIVED_AT);
        return answerWithin.minusNanos(System.nanoTime() - arrived);
    }
}
