package dev.registrybackup.app.http;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.app.config.Settings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.impl.RoutingContextInternal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The way to the on-demand functions: one method for each path, and never a CloudEvent.
 *
 * <p>Funqy alone would take every GET for a call, answer 406 to a missing Content-Type and 500 to an empty body, start a
 * restore for an event of that name, and overwrite the status that a function sets.
 */
@ApplicationScoped
class OperationRoutes {
    private static final Map<String, HttpMethod> PATHS = Map.of(
            "/restore", HttpMethod.POST,
            "/preflight", HttpMethod.POST,
            "/reconcile", HttpMethod.POST,
            "/verify", HttpMethod.POST,
            "/cancel", HttpMethod.POST,
            "/resume", HttpMethod.POST,
            "/operation", HttpMethod.GET,
            "/operations", HttpMethod.GET,
            "/catalog", HttpMethod.GET);
    private static final Set<String> RESTORING = Set.of("/restore", "/preflight", "/operation", "/cancel", "/resume");
    private static final String RESTORE = "/restore";
    private static final Set<String> VIEWER_PATHS = Set.of("/preflight");
    private static final ObjectMapper READER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String JSON = "application/json";
    private static final String STATUS = OperationRoutes.class.getName();

    private final Settings settings;
    private final AuthFilter authFilter;
    private final long largestBody;

    OperationRoutes(
            Settings settings, AuthFilter authFilter, @ConfigProperty(name = "largest-body-bytes") long largestBody) {
        this.settings = settings;
        this.authFilter = authFilter;
        this.largestBody = largestBody;
    }

    /** Whether it is a path of this process's. */
    boolean serves(String path) {
        return settings.isOnDemand()
                && PATHS.containsKey(path)
                && (settings.isOperations() ? !path.equals(RESTORE) : RESTORING.contains(path));
    }

    void open(@Observes Router router) {
        PATHS.keySet().forEach(path -> {
            router.post(path).order(-142).handler(context -> allowMethods(context, path));
            router.post(path).order(-140).handler(BodyHandler.create(false).setBodyLimit(largestBody));
            router.post(path).order(-130).handler(OperationRoutes::defaultContentType);
        });
    }

    /**
     * Has a request for one of these paths go on if its caller may. Its body is not read before that.
     *
     * @throws HttpStatusException if it is nothing that anybody could ask for
     */
    void admit(RoutingContext context, String path) {
        HttpMethod method = PATHS.getOrDefault(path, HttpMethod.POST);
        HttpServerRequest request = context.request();
        String type = request.getHeader("Content-Type");
        if (RequestFilter.isCloudEvent(request)) {
            throw new HttpStatusException(
                    EventResponses.PERMANENT,
                    "A CloudEvent never starts this: post plain JSON to " + context.normalizedPath());
        }
        if (!request.method().equals(method)) {
            context.response().putHeader("Allow", method.name());
            throw new HttpStatusException(405, "Only %s is served at %s".formatted(method, context.normalizedPath()));
        }
        if (method.equals(HttpMethod.POST) && type != null && !type.startsWith(JSON)) {
            throw new HttpStatusException(415, "The body has to be JSON, not " + type);
        }
        request.headers().set("Content-Type", JSON);
        context.addHeadersEndHandler(written -> {
            Integer status = context.get(STATUS);
            if (status != null && context.response().getStatusCode() == 200) {
                context.response().setStatusCode(status);
            }
        });
        authFilter.authorize(context, path.substring(1));
    }

    private static void allowMethods(RoutingContext context, String path) {
        if (!VIEWER_PATHS.contains(path)) {
            AuthFilter.logCall(context, path.substring(1));
        }
        context.next();
    }

    /** An empty body asks for nothing in particular, which the function then refuses or not. */
    private static void defaultContentType(RoutingContext context) {
        if (context.body().length() <= 0) {
            ((RoutingContextInternal) context).setBody(Buffer.buffer("{}"));
        } else {
            requireObject(context.body().buffer());
        }
        context.next();
    }

    private static void requireObject(Buffer body) {
        try {
            if (READER.readTree(body.getBytes()).isObject()) {
                return;
            }
            throw new HttpStatusException(400, "The body has to be a JSON object");
        } catch (IOException e) {
            throw new HttpStatusException(400, "The body is no JSON that can be read");
        }
    }

    /** Has the answer get that status, if all goes well. */
    static void setStatus(RoutingContext context, int status) {
        context.put(STATUS, status);
    }
}
