package dev.registrybackup.app.http;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.app.OnDemandOperations;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.operation.OperationKind;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * The API for people: the routes in {@code docs/openapi.yaml}. Each needs the right to its verb, rejects CloudEvents,
 * and runs off the event loop. {@link HttpStatusException#of} gives failures their status.
 */
@ApplicationScoped
class OperationRoutes {
    private static final String JSON = "application/json";
    private static final ObjectMapper READER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** All routes; the role of a process decides which it serves. */
    private static final List<Route> ROUTES = List.of(
            new Route(HttpMethod.POST, "/restore", "restore", OperationRoutes::restore),
            new Route(HttpMethod.POST, "/verify", "verify", submitting(OperationKind.VERIFY)),
            new Route(HttpMethod.POST, "/reconcile", "reconcile", submitting(OperationKind.RECONCILE)),
            new Route(HttpMethod.POST, "/drill", "drill", submitting(OperationKind.DRILL)),
            new Route(HttpMethod.POST, "/preflight", "preflight", (api, call) -> ok(api.preflight(call.body()))),
            new Route(HttpMethod.GET, "/catalog", "catalog", OperationRoutes::catalog),
            new Route(HttpMethod.GET, "/operations", "operations", (api, call) -> ok(api.operations())),
            new Route(HttpMethod.GET, "/operations/{id}", "operation", (api, call) -> ok(api.operation(call.id()))),
            new Route(
                    HttpMethod.POST,
                    "/operations/{id}/cancel",
                    "cancel",
                    (api, call) -> accepted(api.cancel(call.id(), call.caller()))));

    private final Settings settings;
    private final AuthFilter authFilter;
    private final WorkerPools workerPools;
    private final Instance<OnDemandOperations> operations;
    private final long maxBodyBytes;

    /** An authorized call. The id is the one in the path, if any. */
    private record Call(JsonNode body, String id, Function<String, Optional<String>> query, String caller) {}

    private record Answer(int status, JsonNode body) {}

    /**
     * One route.
     *
     * @param path the path, with {@code {id}} for any segment
     * @param pattern what matches it
     * @param verb the verb that the caller needs the right to
     */
    private record Route(
            HttpMethod method,
            String path,
            Pattern pattern,
            String verb,
            BiFunction<OnDemandOperations, Call, Answer> work) {
        Route(HttpMethod method, String path, String verb, BiFunction<OnDemandOperations, Call, Answer> work) {
            this(method, path, Pattern.compile(path.replace("{id}", "[^/]+")), verb, work);
        }
    }

    OperationRoutes(
            Settings settings,
            AuthFilter authFilter,
            WorkerPools workerPools,
            Instance<OnDemandOperations> operations,
            @ConfigProperty(name = "largest-body-bytes") long maxBodyBytes) {
        this.settings = settings;
        this.authFilter = authFilter;
        this.workerPools = workerPools;
        this.operations = operations;
        this.maxBodyBytes = maxBodyBytes;
    }

    void open(@Observes Router router) {
        for (Route route : ROUTES) {
            router.route(route.method(), route.path().replace("{id}", ":id"))
                    .order(-140)
                    .handler(BodyHandler.create(false).setBodyLimit(maxBodyBytes))
                    .handler(context -> serve(context, route));
        }
    }

    /** The verb of each route, such as {@code POST /restore}. */
    static SortedMap<String, String> verbs() {
        SortedMap<String, String> verbs = new TreeMap<>();
        ROUTES.forEach(route -> verbs.put(route.method() + " " + route.path(), route.verb()));
        return verbs;
    }

    /** Whether a process of this role serves this path. */
    boolean serves(String path) {
        return !find(path).isEmpty();
    }

    private List<Route> find(String path) {
        return ROUTES.stream()
                .filter(route ->
                        isServed(route.verb()) && route.pattern().matcher(path).matches())
                .toList();
    }

    private boolean isServed(String verb) {
        return switch (verb) {
            case "preflight", "operation", "cancel" -> settings.isOnDemand();
            case "restore" -> settings.isOnDemand() && !settings.isOperations();
            default -> settings.isOperations();
        };
    }

    /**
     * Continues a request for one of these paths if its caller is authorized. Does not read the body before that.
     *
     * @throws HttpStatusException if method, path or content type are not supported
     */
    void admit(RoutingContext context, String path) {
        HttpServerRequest request = context.request();
        String type = request.getHeader("Content-Type");
        List<Route> found = find(path);
        if (RequestFilter.isCloudEvent(request)) {
            throw new HttpStatusException(
                    EventResponses.PERMANENT, "A CloudEvent cannot start this: post plain JSON to " + path);
        }
        Route route = found.stream()
                .filter(candidate -> candidate.method().equals(request.method()))
                .findFirst()
                .orElseThrow(() -> {
                    String allowed =
                            found.stream().map(each -> each.method().name()).collect(Collectors.joining(", "));
                    context.response().putHeader("Allow", allowed);
                    return new HttpStatusException(405, "Only %s is served at %s".formatted(allowed, path));
                });
        if (route.method().equals(HttpMethod.POST) && type != null && !type.startsWith(JSON)) {
            throw new HttpStatusException(415, "The body must be JSON, not " + type);
        }
        authFilter.authorize(context, route.verb());
    }

    private void serve(RoutingContext context, Route route) {
        if (route.method().equals(HttpMethod.POST) && !route.verb().equals("preflight")) {
            AuthFilter.logCall(context, route.verb());
        }
        Call call = new Call(
                readBody(context.body().buffer()),
                Optional.ofNullable(context.pathParam("id")).orElse(""),
                name -> context.queryParam(name).stream()
                        .filter(value -> !value.isEmpty())
                        .findFirst(),
                AuthFilter.caller(context));
        Context own = context.vertx().getOrCreateContext();
        workerPools
                .submitOperation(() -> {
                    Answer answer = route.work().apply(operations.get(), call);
                    own.runOnContext(now -> send(context, answer));
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        own.runOnContext(now -> context.fail(HttpStatusException.of(WorkerPools.unwrap(failure))));
                    }
                });
    }

    private static void send(RoutingContext context, Answer answer) {
        if (!context.response().ended() && !context.response().closed()) {
            context.response()
                    .setStatusCode(answer.status())
                    .putHeader("Content-Type", JSON)
                    .end(Buffer.buffer(answer.body().toString()));
        }
    }

    /** Parses the body; an empty body is an empty request. */
    private static JsonNode readBody(@Nullable Buffer body) {
        if (body == null || body.length() == 0) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode read = READER.readTree(body.getBytes());
            if (read.isObject()) {
                return read;
            }
        } catch (IOException e) {
            throw new HttpStatusException(400, "The body is not valid JSON");
        }
        throw new HttpStatusException(400, "The body must be a JSON object");
    }

    private static Answer restore(OnDemandOperations operations, Call call) {
        return call.body().path("dryRun").asBoolean(false)
                ? ok(operations.plan(call.body()))
                : submitting(OperationKind.RESTORE).apply(operations, call);
    }

    private static BiFunction<OnDemandOperations, Call, Answer> submitting(OperationKind kind) {
        return (operations, call) -> accepted(operations.submit(kind, call.body(), call.caller()));
    }

    private static Answer catalog(OnDemandOperations operations, Call call) {
        return ok(operations.catalog(
                call.query().apply("repository"),
                call.query().apply("after"),
                call.query().apply("limit")));
    }

    private static Answer ok(JsonNode body) {
        return new Answer(200, body);
    }

    private static Answer accepted(JsonNode body) {
        return new Answer(202, body);
    }
}
