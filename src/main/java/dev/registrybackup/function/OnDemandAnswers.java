package dev.registrybackup.function;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.NotResumableException;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.operation.SlotBusyException;
import dev.registrybackup.restore.PastUnknownException;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.Lanes;
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
class OnDemandAnswers {
    private final CurrentVertxRequest request;
    private final Lanes lanes;

    OnDemandAnswers(CurrentVertxRequest request, Lanes lanes) {
        this.request = request;
        this.lanes = lanes;
    }

    /** Answers 200. */
    Uni<JsonNode> ok(Supplier<JsonNode> work) {
        return with(200, by -> work.get());
    }

    /** Answers with that status what the work makes of who asked. */
    Uni<JsonNode> with(int status, Function<String, JsonNode> work) {
        RoutingContext context = request.getCurrent();
        String by = Callers.of(context);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        lanes.operation(() -> {
            try {
                answer.complete(work.apply(by));
            } catch (RuntimeException e) {
                answer.completeExceptionally(refusal(e));
            }
        });
        OnDemandDoor.answerWith(context, status);
        return Uni.createFrom().completionStage(answer);
    }

    /** A parameter of the request's query; empty if it is not there. */
    Optional<String> parameter(String name) {
        return Optional.ofNullable(request.getCurrent().queryParam(name)).stream()
                .flatMap(java.util.List::stream)
                .filter(value -> !value.isEmpty())
                .findFirst();
    }

    private static RuntimeException refusal(RuntimeException e) {
        int status;
        if (e instanceof Refusal) {
            return e;
        } else if (e instanceof IllegalArgumentException) {
            status = 400;
        } else if (e instanceof UnknownScopeException || e instanceof NoSuchOperationException) {
            status = 404;
        } else if (e instanceof SlotBusyException || e instanceof NotResumableException) {
            status = 409;
        } else if (e instanceof PreflightException) {
            status = 412;
        } else if (e instanceof PastUnknownException) {
            status = EventAnswers.PERMANENT;
        } else if (e instanceof ObjectStoreException
                || e instanceof ClusterException
                || e instanceof OperationNotStartedException) {
            status = EventAnswers.NOT_TAKEN;
        } else {
            return e;
        }
        return new Refusal(status, String.valueOf(e.getMessage()));
    }
}
