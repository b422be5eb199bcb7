package dev.registrybackup.app.http;

import dev.registrybackup.app.config.Settings;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** Stores when a request arrived at Vert.x, from which its deadline counts. */
@ApplicationScoped
public class RequestDeadline {
    private static final String ARRIVED_AT = RequestDeadline.class.getName();

    private final Duration answerWithin;

    RequestDeadline(Settings settings) {
        this.answerWithin = settings.answerWithin();
    }

    /** Records that the request arrives now. */
    void mark(RoutingContext request) {
        request.put(ARRIVED_AT, System.nanoTime());
    }

    /** The time left to answer; negative once the deadline has passed. */
    public Duration remaining(RoutingContext request) {
        long arrived = request.get(ARRIVED_AT);
        return answerWithin.minusNanos(System.nanoTime() - arrived);
    }
}
