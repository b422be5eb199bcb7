package dev.registrybackup.function;

import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** When each request arrived at Vert.x, from which the time to answer it is counted. */
@ApplicationScoped
class Arrivals {
    private static final String ARRIVED = Arrivals.class.getName();

    private final Duration answerWithin;

    Arrivals(Settings settings) {
        this.answerWithin = settings.answerWithin();
    }

    /** The request arrives now. */
    void mark(RoutingContext request) {
        request.put(ARRIVED, System.nanoTime());
    }

    /** How much time is left to answer it; negative if none is. */
    Duration left(RoutingContext request) {
        long arrived = request.get(ARRIVED);
        return answerWithin.minusNanos(System.nanoTime() - arrived);
    }
}
