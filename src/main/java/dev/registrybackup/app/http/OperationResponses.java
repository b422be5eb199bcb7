package dev.registrybackup.app.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.ConflictException;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.NotResumableException;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.restore.VersioningDisabledException;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** Has what was asked for done off the server's own threads, and gives failures the status that says whose they are. */
@ApplicationScoped
public class OperationResponses {
    private final CurrentVertxRequest request;
    private final WorkerPools workerPools;

    OperationResponses(CurrentVertxRequest request, WorkerPools workerPools) {
        this.request = request;
        this.workerPools = workerPools;
    }

    /** Answers 200. */
    public Uni<JsonNode> ok(Supplier<JsonNode> work) {
        return with(200, by -> work.get());
    }

    /** Answers with that status what the work makes of who asked. */
    public Uni<JsonNode> with(int status, Function<String, JsonNode> work) {
        RoutingContext context = request.getCurrent();
        String by = AuthFilter.of(context);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        workerPools.submitOperation(() -> {
            try {
                answer.complete(work.apply(by));
            } catch (RuntimeException e) {
                answer.completeExceptionally(refusal(e));
            }
        });
        OperationRoutes.setStatus(context, status);
        return Uni.createFrom().completionStage(answer);
    }

    /** A parameter of the request's query; empty if it is not there. */
    public Optional<String> parameter(String name) {
        return Optional.ofNullable(request.getCurrent().queryParam(name)).stream()
                .flatMap(java.util.List::stream)
                .filter(value -> !value.isEmpty())
                .findFirst();
    }

    private static RuntimeException refusal(RuntimeException e) {
        int status;
        if (e instanceof HttpStatusException) {
            return e;
        } else if (e instanceof IllegalArgumentException) {
            status = 400;
        } else if (e instanceof UnknownScopeException || e instanceof NoSuchOperationException) {
            status = 404;
        } else if (e instanceof ConflictException || e instanceof NotResumableException) {
            status = 409;
        } else if (e instanceof PreflightException) {
            status = 412;
        } else if (e instanceof VersioningDisabledException) {
            status = EventResponses.PERMANENT;
        } else if (e instanceof ObjectStoreException
                || e instanceof ClusterException
                || e instanceof OperationNotStartedException) {
            status = EventResponses.NOT_TAKEN;
        } else {
            return e;
        }
        return new HttpStatusException(status, String.valueOf(e.getMessage()));
    }
}
