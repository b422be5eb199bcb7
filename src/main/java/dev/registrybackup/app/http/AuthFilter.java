package dev.registrybackup.app.http;

import dev.registrybackup.app.auth.AuthDecision;
import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.auth.BearerToken;
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

/** Lets callers in who may, and says in the log who called, and who was not let in. Never the token. */
@ApplicationScoped
class AuthFilter {
    private static final Logger LOGGER = System.getLogger("dev.registrybackup.calls");
    private static final String CALLER = AuthFilter.class.getName();
    /** What a request has that a browser sends for some page, or a proxy on this machine for somebody elsewhere. */
    private static final List<String> ON_BEHALF =
            List.of("Origin", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP");

    private final Authorizer authorizer;
    private final MeterRegistry meters;

    AuthFilter(Authorizer authorizer, MeterRegistry meters) {
        this.authorizer = authorizer;
        this.meters = meters;
    }

    /** Has the request go on if its bearer token allows it, and be refused if not. Its body is not read before that. */
    void authorize(RoutingContext context, String function) {
        ask(context, function, BearerToken.token(context.request().getHeader("Authorization")), authDecision -> {
            if (authDecision.isAllowed()) {
                context.next();
            } else {
                context.fail(refusal(context, authDecision));
            }
        });
    }

    /**
     * Asks whether the request's caller may, and logs and counts it if not. The request stands still meanwhile.
     *
     * @param token what the caller sent, by whichever way
     * @param decide what to do then, on the request's own thread
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
                    goOn(request);
                }));
    }

    /** What stood still flows again: to whoever reads it, or to nobody, so that the connection serves the next request. */
    static void goOn(HttpServerRequest request) {
        if (!request.isEnded()) {
            request.resume();
        }
    }

    /** Logs and counts a call that is not served. */
    void refused(HttpServerRequest request, String function, AuthDecision authDecision) {
        String reason = authDecision.answer().name().toLowerCase(Locale.ROOT);
        Counter.builder("registry_backup_requests_denied")
                .description("Calls that were not served, since their callers may not or are not known")
                .tag("function", function)
                .tag("reason", reason)
                .register(meters)
                .increment();
        from(LogEvent.of("call-refused").with("function", function).with("caller", authDecision.caller()), request)
                .with("reason", authDecision.reason())
                .log(LOGGER, Level.WARNING);
    }

    /** Logs a call that may change something. */
    static void logCall(RoutingContext context, String function) {
        from(LogEvent.of("call").with("function", function).with("caller", of(context)), context.request())
                .log(LOGGER, Level.INFO);
    }

    /** Who called; {@value AuthDecision#NOBODY} if nobody was asked for. */
    static String of(RoutingContext context) {
        return Optional.<String>ofNullable(context.get(CALLER)).orElse(AuthDecision.NOBODY);
    }

    /** The refusal of a caller who may not, with the headers that belong to it. */
    static HttpStatusException refusal(RoutingContext context, AuthDecision authDecision) {
        if (authDecision.answer() == Answer.UNKNOWN) {
            context.response().putHeader("Retry-After", "5");
        }
        return new HttpStatusException(
                switch (authDecision.answer()) {
                    case UNAUTHENTICATED -> 401;
                    case FORBIDDEN -> 403;
                    case UNKNOWN, ALLOWED -> EventResponses.NOT_TAKEN;
                },
                "Not served: " + authDecision.reason());
    }

    /** Behind a proxy the address is the proxy's; whom it says it calls for is worth no more than a hint. */
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
