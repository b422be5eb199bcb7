package dev.registrybackup.app.http;

import dev.registrybackup.app.auth.AuthDecision;
import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.auth.SharedSecret;
import dev.registrybackup.app.config.Configuration.EventsProperties;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.logging.LogEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** Authorizes callers, and logs who called and who was denied. Never logs the token. */
@ApplicationScoped
class AuthFilter {
    private static final Logger LOGGER = System.getLogger("dev.registrybackup.calls");
    private static final String CALLER = AuthFilter.class.getName();
    /** Headers of requests that a browser sends for a page, or a proxy on this machine for a remote caller. */
    private static final List<String> ON_BEHALF =
            List.of("Origin", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP");

    private final Authorizer authorizer;
    private final MeterRegistry meters;
    private final String webhookHeader;
    private final Optional<SharedSecret> webhookSecret;

    AuthFilter(Authorizer authorizer, MeterRegistry meters, Settings settings) {
        this.authorizer = authorizer;
        this.meters = meters;
        EventsProperties events = settings.configuration().events();
        this.webhookHeader = events.webhookHeader();
        this.webhookSecret = events.webhookSecret().map(SharedSecret::new);
    }

    /**
     * Whether the request has the shared secret of stores that post notifications directly, if one is configured. Logs
     * and counts it if not.
     */
    boolean hasWebhookSecret(HttpServerRequest request) {
        String given = request.getHeader(webhookHeader);
        if (webhookSecret.isEmpty() || (given != null && webhookSecret.get().matches(given))) {
            return true;
        }
        refused(
                request,
                "notification",
                AuthDecision.unauthenticated(
                        given == null
                                ? "there is no header " + webhookHeader
                                : "the header %s is not events.webhook-secret".formatted(webhookHeader)));
        return false;
    }

    /** Continues the request if its bearer token allows it, otherwise denies it. Does not read the body before that. */
    void authorize(RoutingContext context, String function) {
        ask(context, function, Authorizer.bearerToken(context.request().getHeader("Authorization")), authDecision -> {
            if (authDecision.isAllowed()) {
                context.next();
            } else {
                context.fail(refusal(context, authDecision));
            }
        });
    }

    /**
     * Authorizes the request's caller; logs and counts a denial. Pauses the request meanwhile.
     *
     * @param token the caller's token, from a header or cookie
     * @param decide receives the decision on the request's own thread
     */
    void ask(RoutingContext context, String function, Optional<String> token, Consumer<AuthDecision> decide) {
        HttpServerRequest request = context.request();
        Context own = context.vertx().getOrCreateContext();
        request.pause();
        authorizer
                .authorize(token, function, isFromThisMachine(request))
                .thenAccept(authDecision -> own.runOnContext(now -> {
                    if (authDecision.isAllowed()) {
                        context.put(CALLER, authDecision.caller());
                    } else {
                        refused(request, function, authDecision);
                    }
                    decide.accept(authDecision);
                    resume(request);
                }));
    }

    /**
     * Resumes the request; if nothing reads its body, discards it so that the connection can serve the next request.
     */
    static void resume(HttpServerRequest request) {
        if (!request.isEnded()) {
            request.resume();
        }
    }

    /** Logs and counts a denied call. */
    private void refused(HttpServerRequest request, String function, AuthDecision authDecision) {
        String reason = authDecision.answer().name().toLowerCase(Locale.ROOT);
        Counter.builder("registry_backup_requests_denied")
                .description("Requests that were not authorized")
                .tag("function", function)
                .tag("reason", reason)
                .register(meters)
                .increment();
        from(LogEvent.of("call-refused").with("function", function).with("caller", authDecision.caller()), request)
                .with("reason", authDecision.reason())
                .log(LOGGER, Level.WARNING);
    }

    /** Logs an allowed call that may change something. */
    static void logCall(RoutingContext context, String function) {
        from(LogEvent.of("call").with("function", function).with("caller", caller(context)), context.request())
                .log(LOGGER, Level.INFO);
    }

    /** The authorized caller; {@value AuthDecision#NOBODY} if the request needed no authorization. */
    static String caller(RoutingContext context) {
        return Optional.<String>ofNullable(context.get(CALLER)).orElse(AuthDecision.NOBODY);
    }

    /** The response to a denied caller, with its headers. */
    static HttpStatusException refusal(RoutingContext context, AuthDecision authDecision) {
        if (authDecision.answer() == Answer.UNKNOWN) {
            context.response().putHeader("Retry-After", "5");
        }
        return new HttpStatusException(
                switch (authDecision.answer()) {
                    case UNAUTHENTICATED -> 401;
                    case FORBIDDEN -> 403;
                    case UNKNOWN, ALLOWED -> EventResponses.UNAVAILABLE;
                },
                "Access denied: " + authDecision.reason());
    }

    /** The remote address. Behind a proxy it is the proxy's; the forwarded address is only a hint. */
    private static LogEvent from(LogEvent line, HttpServerRequest request) {
        String forwarded = request.getHeader("X-Forwarded-For");
        line.with("from", request.remoteAddress().hostAddress());
        return forwarded == null ? line : line.with("forwarded-for", forwarded);
    }

    private static boolean isFromThisMachine(HttpServerRequest request) {
        String address = request.remoteAddress().hostAddress();
        return address != null
                && (address.startsWith("127.") || address.equals("::1") || address.equals("0:0:0:0:0:0:0:1"))
                && ON_BEHALF.stream().noneMatch(request.headers()::contains);
    }
}
