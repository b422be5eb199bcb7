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
 * What can be asked for on demand, over HTTP or on the command line alike. Blocks. Throws {@link
 * IllegalArgumentException} for what is no request, and what the parts throw.
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

    /** What a restore would come to. */
    public ObjectNode plan(JsonNode body) {
        return handlers.plan(body);
    }

    /** What would hinder a restore into a cluster; or, where that is not what is asked for, whether all is there that the backup needs. */
    public ObjectNode preflight(JsonNode body) {
        return preflight.isMeant(body) ? preflight.run(body) : handlers.preflight(body);
    }

    /** Checks a request, records the operation, and has it started. */
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
        OperationId asked = new OperationId(id);
        return operationService.cancel(asked, by).orElseThrow(() -> none(asked));
    }

    /** Shows an operation. Throws {@link NoSuchOperationException} if there is none. */
    public ObjectNode operation(String id) {
        OperationId asked = new OperationId(id);
        return operationService.status(asked).orElseThrow(() -> none(asked)).json();
    }

    private static NoSuchOperationException none(OperationId id) {
        return new NoSuchOperationException(id, "the backup");
    }

    /** Lists the newest operations. */
    public ObjectNode operations() {
        return operations(MAX_OPERATIONS);
    }

    /** Lists the newest operations, at most so many. */
    ObjectNode operations(int most) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode list = answer.putArray("operations");
        operationService.listNewest(most).forEach(status -> list.add(status.json()));
        return answer;
    }

    /** One repository as it is now, or a page of all as they were last verified. */
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
            throw new IllegalArgumentException("\"limit\" has to be a number, not \"%s\"".formatted(text), e);
        }
    }
}
