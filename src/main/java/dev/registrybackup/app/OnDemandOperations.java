package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationService;
import dev.registrybackup.operation.OperationStatus;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/**
 * Serves requests from HTTP and the command line. Blocks. Throws {@link IllegalArgumentException} for an invalid
 * request, and the exceptions of what it calls.
 */
public final class OnDemandOperations {
    private static final int MAX_OPERATIONS = 100;

    private final OperationService operationService;
    private final OperationHandlers handlers;
    private final Catalog catalog;
    private final PreflightWiring preflight;

    OnDemandOperations(
            OperationService operationService, OperationHandlers handlers, Catalog catalog, PreflightWiring preflight) {
        this.operationService = operationService;
        this.handlers = handlers;
        this.catalog = catalog;
        this.preflight = preflight;
    }

    /** Plans a restore and writes nothing. */
    public ObjectNode plan(JsonNode body) {
        return handlers.plan(body);
    }

    /** Checks the prerequisites of a restore, or without one those of the backup. */
    public ObjectNode preflight(JsonNode body) {
        return preflight.isMeant(body) ? preflight.run(body) : handlers.preflight(body);
    }

    /**
     * Sends a canary and waits for its event, at most a minute. Returns the report of the checks, and under {@code lost} how
     * many canaries in a row have been lost.
     */
    public ObjectNode canary() {
        return preflight.canary();
    }

    /** Checks a request, records the operation and starts it. */
    public OperationStatus submit(OperationKind kind, JsonNode body, String by) {
        OperationHandlers.ValidatedRequest validatedRequest = handlers.check(kind, body);
        return operationService.submit(kind, validatedRequest.lock(), validatedRequest.parameters(), by);
    }

    /** Checks a request and records the operation, for a caller that runs it itself. */
    OperationId record(OperationKind kind, JsonNode body, String by) {
        OperationHandlers.ValidatedRequest validatedRequest = handlers.check(kind, body);
        return operationService
                .create(kind, validatedRequest.lock(), validatedRequest.parameters(), by)
                .id();
    }

    /** Cancels an operation. Throws {@link NoSuchOperationException} if there is none. */
    public OperationStatus cancel(String id, String by) {
        OperationId operation = new OperationId(id);
        return operationService.cancel(operation, by).orElseThrow(() -> none(operation));
    }

    /** Shows an operation. Throws {@link NoSuchOperationException} if there is none. */
    public ObjectNode operation(String id) {
        OperationId operation = new OperationId(id);
        return operationService
                .status(operation)
                .orElseThrow(() -> none(operation))
                .json();
    }

    private static NoSuchOperationException none(OperationId id) {
        return new NoSuchOperationException(id, "the backup");
    }

    /** Lists the newest operations. */
    public ObjectNode operations() {
        return operations(MAX_OPERATIONS);
    }

    /** Lists the newest operations, at most this many. */
    ObjectNode operations(int most) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode list = answer.putArray("operations");
        operationService.listNewest(most).forEach(status -> list.add(status.json()));
        return answer;
    }

    /** One repository in its current state, or a page of all as of their last verification. */
    public ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit) {
        if (repository.isPresent()) {
            RepositoryName name = new RepositoryName(repository.get());
            return catalog.liveDocument(name)
                    .orElseThrow(() -> new UnknownScopeException("The backup has no repository " + name));
        }
        return catalog.page(
                after.map(RepositoryName::new),
                limit.map(OnDemandOperations::number).orElse(Catalog.DEFAULT_PAGE_SIZE));
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"limit\" must be a number, not \"%s\"".formatted(text), e);
        }
    }
}
