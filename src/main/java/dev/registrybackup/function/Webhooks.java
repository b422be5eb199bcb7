package dev.registrybackup.function;

import dev.registrybackup.access.SharedSecret;
import dev.registrybackup.access.Verdict;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** What stores have to send that post notifications directly, if anything is configured. */
@ApplicationScoped
class Webhooks {
    private final String header;
    private final Optional<SharedSecret> secret;
    private final Callers callers;

    Webhooks(EventConfiguration event, Callers callers) {
        header = event.webhookHeader();
        secret = event.webhookSecret().map(SharedSecret::new);
        this.callers = callers;
    }

    /** Whether the request has what is asked for. Logs and counts it if not. */
    boolean admits(HttpServerRequest request) {
        String given = request.getHeader(header);
        if (secret.isEmpty() || (given != null && secret.get().is(given))) {
            return true;
        }
        callers.refused(
                request,
                "notification",
                Verdict.unauthenticated(
                        given == null
                                ? "there is no header " + header
                                : "the header %s is not event.webhook-secret".formatted(header)));
        return false;
    }
}
