package dev.registrybackup.app.http;

import dev.registrybackup.app.auth.AuthDecision;
import dev.registrybackup.app.auth.SharedSecret;
import dev.registrybackup.app.config.Configuration;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Checks the shared secret of stores that post notifications directly, if one is configured. */
@ApplicationScoped
class WebhookSecrets {
    private final String header;
    private final Optional<SharedSecret> secret;
    private final AuthFilter authFilter;

    WebhookSecrets(Configuration configuration, AuthFilter authFilter) {
        header = configuration.events().webhookHeader();
        secret = configuration.events().webhookSecret().map(SharedSecret::new);
        this.authFilter = authFilter;
    }

    /** Whether the request has the secret. Logs and counts it if not. */
    boolean isAuthorized(HttpServerRequest request) {
        String given = request.getHeader(header);
        if (secret.isEmpty() || (given != null && secret.get().matches(given))) {
            return true;
        }
        authFilter.refused(
                request,
                "notification",
                AuthDecision.unauthenticated(
                        given == null
                                ? "there is no header " + header
                                : "the header %s is not events.webhook-secret".formatted(header)));
        return false;
    }
}
