package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.cli.Backend;
import dev.registrybackup.app.ui.UiBackend;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationService;
import dev.registrybackup.operation.OperationState;
import dev.registrybackup.operation.OperationStatus;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.UnknownScopeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Serves requests from HTTP, the command line and the page. Blocks. Throws {@link IllegalArgumentException} for an invalid
 * request, and the exceptions of what it calls.
 */
public final class OnDemandOperations implements Backend, UiBackend {
    private static final int MAX_OPERATIONS = 100;

    private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(1);

    private final OperationService operationService;
    private final OperationHandlers handlers;
    private final OperationExecution execution;
    private final String runnerName;
    private final AcknowledgedFindings acknowledgedFindings;
    private final Catalog catalog;
    private final PreflightWiring preflight;
    private final WorkerPools workerPools;

    OnDemandOperations(
            OperationService operationService,
            OperationHandlers handlers,
            OperationExecution execution,
            String runnerName,
            AcknowledgedFindings acknowledgedFindings,
            Catalog catalog,
            PreflightWiring preflight,
            WorkerPools workerPools) {
        this.operationService = operationService;
        this.handlers = handlers;
        this.execution = execution;
        this.runnerName = runnerName;
        this.acknowledgedFindings = acknowledgedFindings;
        this.catalog = catalog;
        this.preflight = preflight;
        this.workerPools = workerPools;
    }

    @Override
    public ObjectNode plan(JsonNode request) {
        return handlers.plan(request);
    }

    @Override
    public ObjectNode preflight(JsonNode request) {
        return preflight.isMeant(request) ? preflight.run(request) : handlers.preflight(request);
    }

    @Override
    public ObjectNode canary() {
        return preflight.canary();
    }

    /** Checks a request, records the operation and starts it, here or in a Job. Returns its status. */
    public ObjectNode submit(OperationKind kind, JsonNode body, String by) {
        OperationHandlers.ValidatedRequest validatedRequest = handlers.check(kind, body);
        return operationService
                .submit(kind, validatedRequest.lock(), validatedRequest.parameters(), by)
                .json();
    }

    @Override
    public ObjectNode run(
            OperationKind kind, JsonNode request, String by, Consumer<ProgressTracker.Progress> progress) {
        OperationHandlers.ValidatedRequest validatedRequest = handlers.check(kind, request);
        OperationRequest recorded =
                operationService.create(kind, validatedRequest.lock(), validatedRequest.parameters(), by);
        return runOperation(recorded.id().value(), progress);
    }

    @Override
    public ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress) {
        OperationId operation = new OperationId(id);
        ProgressTracker progressTracker = new ProgressTracker();
        try (WorkerPools.ScheduledTask showing = workerPools.scheduleAtFixedRate(
                "progress display", PROGRESS_INTERVAL, () -> progress.accept(progressTracker.progress()))) {
            OperationState state = execution.run(operation, runnerName, progressTracker);
            ObjectNode shown = operation(id);
            // An index that failed is repeated, although the operation goes on.
            return state == OperationState.FAILED ? shown.put("state", state.label()) : shown;
        }
    }

    @Override
    public ObjectNode cancel(String id, String by) {
        OperationId operation = new OperationId(id);
        return json(operation, operationService.cancel(operation, by));
    }

    @Override
    public ObjectNode operation(String id) {
        OperationId operation = new OperationId(id);
        return json(operation, operationService.status(operation));
    }

    private static ObjectNode json(OperationId id, Optional<OperationStatus> status) {
        return status.orElseThrow(() -> new NoSuchOperationException(id, "the backup"))
                .json();
    }

    @Override
    public ObjectNode operations() {
        return operations(MAX_OPERATIONS);
    }

    @Override
    public ObjectNode operations(int limit) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode list = answer.putArray("operations");
        operationService.listNewest(limit).forEach(status -> list.add(status.json()));
        return answer;
    }

    @Override
    public ObjectNode acknowledge(FindingCode code, String subject, Instant until, String by) {
        return acknowledgedFindings.acknowledge(code, subject, until, by);
    }

    @Override
    public ObjectNode acknowledged() {
        return acknowledgedFindings.list();
    }

    @Override
    public ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit) {
        return repository.isPresent()
                ? repository(repository.get())
                : repositories(after, limit.map(OnDemandOperations::number).orElse(Catalog.DEFAULT_PAGE_SIZE));
    }

    @Override
    public ObjectNode repository(String name) {
        RepositoryName repository = new RepositoryName(name);
        return catalog.liveDocument(repository)
                .orElseThrow(() -> new UnknownScopeException("The backup has no repository " + repository));
    }

    @Override
    public ObjectNode repositories(Optional<String> after, int limit) {
        return catalog.page(after.map(RepositoryName::new), limit);
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"limit\" must be a number, not \"%s\"".formatted(text), e);
        }
    }
}
