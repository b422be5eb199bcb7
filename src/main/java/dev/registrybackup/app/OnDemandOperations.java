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
import dev.registrybackup.operation.Operations;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/**
 * What can be asked for on demand, over HTTP or on the command line alike. Blocks. Throws {@link
 * IllegalArgumentException} for what is no request, and what the parts throw.
 */
public final class OnDemandOperations {
    private static final int MAX_OPERATIONS = 100;

    private final Operations operations;
    private final OperationService desk;
    private final OperationHandlers work;
    private final Catalog catalog;
    private final PreflightWiring preflight;

    OnDemandOperations(
            Operations operations,
            OperationService desk,
            OperationHandlers work,
            Catalog catalog,
            PreflightWiring preflight) {
        this.operations = operations;
        this.desk = desk;
        this.work = work;
        this.catalog = catalog;
        this.preflight = preflight;
    }

    /** What a restore would come to. */
    public ObjectNode plan(JsonNode body) {
        return work.plan(body);
    }

    /** What would hinder a restore into a cluster; or, where that is not what is asked for, whether all is there that the backup needs. */
    public ObjectNode preflight(JsonNode body) {
        return preflight.isMeant(body) ? preflight.run(body) : work.preflight(body);
    }

    /** Checks a request, puts it on record, and has it started. */
    public OperationStatus submit(OperationKind kind, JsonNode body, String by) {
        OperationHandlers.ValidatedRequest validatedRequest = work.check(kind, body);
        return desk.submit(kind, validatedRequest.lock(), validatedRequest.parameters(), by);
    }

    /** Checks a request and puts it on record, for whoever asks to run it himself. */
    OperationId record(OperationKind kind, JsonNode body, String by) {
        OperationHandlers.ValidatedRequest validatedRequest = work.check(kind, body);
        return operations
                .create(kind, validatedRequest.lock(), validatedRequest.parameters(), by)
                .id();
    }

    public OperationStatus cancel(JsonNode body, String by) {
        OperationId id = id(body);
        return desk.cancel(id, by).orElseThrow(() -> none(id));
    }

    public OperationStatus resume(JsonNode body, String by) {
        return desk.resume(id(body), by);
    }

    private static OperationId id(JsonNode body) {
        if (!body.path("id").isTextual()) {
            throw new IllegalArgumentException("Name the operation: {\"id\":\"…\"}");
        }
        return new OperationId(body.path("id").textValue());
    }

    public ObjectNode operation(Optional<String> id) {
        OperationId asked = new OperationId(
                id.orElseThrow(() -> new IllegalArgumentException("Name the operation: /operation?id=…")));
        return desk.status(asked).orElseThrow(() -> none(asked)).json();
    }

    private static NoSuchOperationException none(OperationId id) {
        return new NoSuchOperationException(id, "the backup");
    }

    public ObjectNode operations() {
        return operations(MAX_OPERATIONS);
    }

    /** So many of the newest at the most. */
    ObjectNode operations(int most) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode list = answer.putArray("operations");
        desk.listNewest(most).forEach(status -> list.add(status.json()));
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
