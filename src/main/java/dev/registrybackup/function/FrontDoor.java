package dev.registrybackup.function;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.registrybackup.event.NotJsonException;
import dev.registrybackup.intake.Journal;
import io.quarkus.funqy.runtime.ApplicationException;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.impl.RoutingContextInternal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The routes before Funqy's: says when a request arrived, lets in only what this program serves, takes notifications that
 * stores post directly, and gives failures the status that their senders act on rightly.
 *
 * <p>Funqy alone would serve each function by its path too, answer 404 and 500 to events that can never succeed, which
 * Knative retries, and 406 to NooBaa, which sends no Content-Type.
 */
@ApplicationScoped
class FrontDoor {
    private static final Logger LOGGER = Logger.getLogger("dev.registrybackup.events");
    private static final String EVENTS = "/";
    private static final String NOTIFICATION = "/notification";
    private static final String MANAGEMENT = "/q/";

    private final Arrivals arrivals;
    private final Service service;
    private final Journal journal;
    private final OnDemandDoor onDemand;
    private final PageDoor page;
    private final Webhooks webhooks;
    private final long largestBody;

    FrontDoor(
            Arrivals arrivals,
            Service service,
            Journal journal,
            OnDemandDoor onDemand,
            PageDoor page,
            Webhooks webhooks,
            @ConfigProperty(name = "largest-body-bytes") long largestBody) {
        this.arrivals = arrivals;
        this.service = service;
        this.journal = journal;
        this.onDemand = onDemand;
        this.page = page;
        this.webhooks = webhooks;
        this.largestBody = largestBody;
    }

    void open(@Observes Router router) {
        router.route().order(-300).failureHandler(this::failed);
        // Before Quarkus' own that reads bodies: what is refused has none in memory.
        router.route().order(RouteConstants.ROUTE_ORDER_BODY_HANDLER - 1).handler(this::admit);
        router.post(NOTIFICATION)
                .order(-100)
                .handler(BodyHandler.create(false).setBodyLimit(largestBody))
                .handler(this::notification);
        if (service.scheduled()) {
            router.post(EVENTS).order(-90).handler(BodyHandler.create(false).setBodyLimit(largestBody));
            router.post(EVENTS).order(-80).handler(FrontDoor::fillIn);
        }
    }

    /** A PingSource that is given no data sends none, and Funqy answers 500 to an event without a body. */
    private static void fillIn(RoutingContext context) {
        if (context.body().length() <= 0) {
            context.request().headers().set("Content-Type", "application/json");
            ((RoutingContextInternal) context).setBody(Buffer.buffer("{}"));
        }
        context.next();
    }

    private void admit(RoutingContext context) {
        arrivals.mark(context);
        HttpServerRequest request = context.request();
        String path = context.normalizedPath();
        boolean isEvent = isCloudEvent(request);
        if ((path.startsWith(MANAGEMENT) && !isEvent) || page.serves(request, path)) {
            context.next();
        } else if (onDemand.serves(path)) {
            onDemand.admit(context, path);
        } else if (!serves(path)) {
            // A broker would retry 404 for ever.
            refuse(context, isEvent ? EventAnswers.PERMANENT : 404, "Nothing is served at " + path);
        } else if (!HttpMethod.POST.equals(request.method())) {
            refuse(context, 405, "Only POST is served at " + path);
        } else if (path.equals(NOTIFICATION) && !webhooks.admits(request)) {
            refuse(context, 401, "Not taken: the shared secret of notifications is missing or wrong");
        } else if (isEmpty(request) && !service.scheduled()) {
            journal.undecodable("an empty body");
            refuse(context, 400, "The body is empty, but should be a notification in JSON");
        } else if (path.equals(EVENTS) && !isEvent) {
            refuse(
                    context,
                    415,
                    "Only CloudEvents, binary or structured, are taken at /: post plain notifications to "
                            + NOTIFICATION);
        } else {
            context.next();
        }
    }

    private boolean serves(String path) {
        return path.equals(NOTIFICATION)
                ? service.replicating().isPresent()
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
        Duration left = arrivals.left(context);
        Buffer body = context.body().buffer();
        byte[] payload = body == null ? new byte[0] : body.getBytes();
        service.onRecord().isDone(service.intake().take(payload, left), left).whenComplete((done, failure) -> {
            try {
                EventAnswers.refuseUnless(failure == null && done);
                context.response().setStatusCode(204).end();
            } catch (Refusal refusal) {
                context.fail(refusal);
            }
        });
    }

    private void failed(RoutingContext context) {
        Throwable failure = context.failure();
        Throwable cause =
                failure instanceof ApplicationException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof Refusal refusal) {
            refuse(context, refusal.status(), refusal.getMessage());
        } else if (cause instanceof NotJsonException) {
            journal.undecodable(String.valueOf(cause.getMessage()));
            refuse(context, 400, cause.getMessage());
        } else if (failure != null && isFunqyReading(failure)) {
            String reason = "The event is no CloudEvent that can be read: it lacks attributes, or is no JSON";
            LOGGER.debug(reason, failure);
            journal.undecodable(reason);
            refuse(context, 400, reason);
        } else {
            context.next();
        }
    }

    /** Funqy fails so on an event without the attributes it needs, and on one that is no JSON. */
    private static boolean isFunqyReading(Throwable failure) {
        StackTraceElement[] thrown = failure.getStackTrace();
        return failure instanceof JsonProcessingException
                || (thrown.length > 0 && thrown[0].getClassName().startsWith("io.quarkus.funqy.runtime.bindings"));
    }

    /** What captures is heard by a broker alone, and answers it with a status. */
    private void refuse(RoutingContext context, int status, @Nullable String reason) {
        if (!context.response().ended()) {
            unread(context, status);
            if (service.capturing().isPresent()) {
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

    /** What is refused by its head alone has its body go by, unless it is a stranger's and nobody knows how long it is. */
    private static void unread(RoutingContext context, int status) {
        if (status == 401) {
            context.response().putHeader("WWW-Authenticate", "Bearer");
        }
        if ((status == 401 || status == 403) && context.request().headers().contains("Transfer-Encoding")) {
            context.response().putHeader("Connection", "close");
        }
        Callers.goOn(context.request());
    }
}
