package dev.registrybackup.app.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.app.Service;
import dev.registrybackup.notification.NotJsonException;
import dev.registrybackup.replication.ReplicationListener;
import io.quarkus.funqy.runtime.ApplicationException;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * The routes before Funqy's: they record when a request arrived, let in only what this process serves, accept
 * notifications that stores post directly, and map failures to the status that makes senders retry or give up.
 *
 * <p>Funqy alone would also serve each function by its path. It would answer 404 and 500 to events that can never
 * succeed, which Knative retries, and 406 to NooBaa, which sends no Content-Type.
 */
@ApplicationScoped
class RequestFilter {
    private static final String EVENTS = "/";
    private static final String NOTIFICATION = "/notification";
    private static final String MANAGEMENT = "/q/";
    private static final String STRUCTURED = "application/cloudevents+json";
    private static final List<String> ATTRIBUTES = List.of("id", "source", "specversion", "type");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EventResponses eventResponses;
    private final Service service;
    private final ReplicationListener replicationListener;
    private final OperationRoutes onDemand;
    private final UiRoutes page;
    private final AuthFilter authFilter;
    private final long largestBody;

    RequestFilter(
            EventResponses eventResponses,
            Service service,
            ReplicationListener replicationListener,
            OperationRoutes onDemand,
            UiRoutes page,
            AuthFilter authFilter,
            @ConfigProperty(name = "largest-body-bytes") long largestBody) {
        this.eventResponses = eventResponses;
        this.service = service;
        this.replicationListener = replicationListener;
        this.onDemand = onDemand;
        this.page = page;
        this.authFilter = authFilter;
        this.largestBody = largestBody;
    }

    void open(@Observes Router router) {
        router.route().order(-300).failureHandler(this::failed);
        // Before Quarkus' body handler, so that a rejected request has no body in memory.
        router.route().order(RouteConstants.ROUTE_ORDER_BODY_HANDLER - 1).handler(this::admit);
        router.post(NOTIFICATION)
                .order(-100)
                .handler(BodyHandler.create(false).setBodyLimit(largestBody))
                .handler(this::notification);
        router.post(EVENTS)
                .order(-80)
                .handler(BodyHandler.create(false).setBodyLimit(largestBody))
                .handler(RequestFilter::requireAttributes);
    }

    /** Funqy answers 500 to an event without the attributes it needs, which Knative would retry. */
    private static void requireAttributes(RoutingContext context) {
        HttpServerRequest request = context.request();
        boolean isBinary = request.headers().contains("ce-id");
        Predicate<String> has = name -> request.headers().contains("ce-" + name);
        String type = request.getHeader("Content-Type");
        if (!isBinary && type != null && type.startsWith(STRUCTURED)) {
            JsonNode event = readEvent(context.body().buffer());
            has = event::hasNonNull;
        } else if (!isBinary) {
            context.next();
            return;
        }
        List<String> missing = ATTRIBUTES.stream().filter(has.negate()).toList();
        if (!missing.isEmpty()) {
            throw new UnreadableEventException("The event is missing the attributes " + missing);
        }
        context.next();
    }

    private static JsonNode readEvent(@Nullable Buffer body) {
        try {
            return JSON.readTree(body == null ? new byte[0] : body.getBytes());
        } catch (IOException e) {
            throw new UnreadableEventException("The event is not valid JSON");
        }
    }

    private void admit(RoutingContext context) {
        EventResponses.arrived(context);
        HttpServerRequest request = context.request();
        String path = context.normalizedPath();
        boolean isEvent = isCloudEvent(request);
        if ((path.startsWith(MANAGEMENT) && !isEvent) || page.serves(request, path)) {
            context.next();
        } else if (onDemand.serves(path)) {
            onDemand.admit(context, path);
        } else if (!serves(path)) {
            // A broker would retry 404 forever.
            refuse(context, isEvent ? EventResponses.PERMANENT : 404, "Nothing is served at " + path);
        } else if (!HttpMethod.POST.equals(request.method())) {
            refuse(context, 405, "Only POST is served at " + path);
        } else if (path.equals(NOTIFICATION) && !authFilter.hasWebhookSecret(request)) {
            refuse(context, 401, "Rejected: the shared secret of notifications is missing or wrong");
        } else if (isEmpty(request) && !service.scheduled()) {
            replicationListener.undecodable("an empty body");
            refuse(context, 400, "The body is empty: post a notification in JSON");
        } else if (path.equals(EVENTS) && !isEvent) {
            refuse(
                    context,
                    415,
                    "Only CloudEvents, binary or structured, are accepted at /: post plain notifications to "
                            + NOTIFICATION);
        } else {
            context.next();
        }
    }

    private boolean serves(String path) {
        return path.equals(NOTIFICATION)
                ? service.notificationHandler().isPresent()
                : path.equals(EVENTS) && service.takesEvents();
    }

    static boolean isCloudEvent(HttpServerRequest request) {
        String type = request.getHeader("Content-Type");
        return request.headers().contains("ce-id") || (type != null && type.startsWith("application/cloudevents"));
    }

    private static boolean isEmpty(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        return length == null ? request.getHeader("Transfer-Encoding") == null : length.equals("0");
    }

    private void notification(RoutingContext context) {
        Duration left = eventResponses.remaining(context);
        Buffer body = context.body().buffer();
        byte[] payload = body == null ? new byte[0] : body.getBytes();
        service.rejectionRecorder()
                .recordRejections(service.notificationHandler().orElseThrow().handle(payload, left), left)
                .whenComplete((done, failure) -> {
                    try {
                        EventResponses.refuseUnless(failure == null && done);
                        context.response().setStatusCode(204).end();
                    } catch (HttpStatusException refusal) {
                        context.fail(refusal);
                    }
                });
    }

    private void failed(RoutingContext context) {
        Throwable failure = context.failure();
        Throwable cause =
                failure instanceof ApplicationException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof HttpStatusException refusal) {
            refuse(context, refusal.status(), refusal.getMessage());
        } else if (cause instanceof NotJsonException || cause instanceof UnreadableEventException) {
            replicationListener.undecodable(String.valueOf(cause.getMessage()));
            refuse(context, 400, cause.getMessage());
        } else {
            context.next();
        }
    }

    /** The capture function serves only a broker, which needs a status. */
    private void refuse(RoutingContext context, int status, @Nullable String reason) {
        if (!context.response().ended()) {
            discardBody(context, status);
            if (service.imageStreamHandler().isPresent()) {
                context.response().setStatusCode(status).end();
                return;
            }
            byte[] body = String.valueOf(reason).getBytes(StandardCharsets.UTF_8);
            context.response()
                    .setStatusCode(status)
                    .putHeader("Content-Type", "text/plain; charset=utf-8")
                    .end(Buffer.buffer(body));
        }
    }

    /**
     * Discards the body of a rejected request, unless the caller is unauthorized and the length is unknown: then it
     * closes the connection.
     */
    private static void discardBody(RoutingContext context, int status) {
        if (status == 401) {
            context.response().putHeader("WWW-Authenticate", "Bearer");
        }
        if ((status == 401 || status == 403) && context.request().headers().contains("Transfer-Encoding")) {
            context.response().putHeader("Connection", "close");
        }
        AuthFilter.resume(context.request());
    }
}
