package dev.registrybackup.app.events;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.OnDemandOperations;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.app.http.EventResponses;
import dev.registrybackup.app.http.HttpStatusException;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.ConflictException;
import dev.registrybackup.operation.OperationKind;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Starts scheduled operations. Responses have no body, because a body would be an event. */
@ApplicationScoped
class ScheduledOperations {
    private static final Logger LOGGER = System.getLogger(ScheduledOperations.class.getName());
    private static final String PING = "dev.knative.sources.ping";
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Map<String, OperationKind> JOBS =
            Map.of("reconcile", OperationKind.RECONCILE, "verify", OperationKind.VERIFY, "drill", OperationKind.DRILL);
    /** No operation: it takes a minute at most, and its last result is all that is kept. */
    private static final String CANARY = "canary";

    private final OnDemandOperations onDemandOperations;
    private final WorkerPools workerPools;
    private final Settings settings;
    private final Clock clock;

    ScheduledOperations(
            OnDemandOperations onDemandOperations, WorkerPools workerPools, Settings settings, Clock clock) {
        this.onDemandOperations = onDemandOperations;
        this.workerPools = workerPools;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Starts the operation. Rejects an event that can never succeed with 422; succeeds if the same operation is already
     * running.
     *
     * @param job the job in the event's extension
     * @param data the event's data; must be empty or an empty object
     */
    Uni<Void> start(@Nullable String type, @Nullable String job, byte[] data) {
        OperationKind kind = job == null ? null : JOBS.get(job);
        boolean isCanary = CANARY.equals(job);
        if (!PING.equals(type) || (kind == null && !isCanary)) {
            throw new HttpStatusException(
                    EventResponses.PERMANENT,
                    "Nothing is started by an event of type %s with the job %s: expected %s and %s or one of %s, which a PingSource's ceOverrides set"
                            .formatted(type, job, PING, CANARY, JOBS.keySet()));
        }
        requireNoParameters(data);
        if (kind == null) {
            // The sender does not wait as long as a canary may take.
            workerPools.submitOperation(this::sendCanary).exceptionally(ScheduledOperations::logFailedCanary);
            return Uni.createFrom().voidItem();
        }
        return Uni.createFrom()
                .completionStage(() -> workerPools.submitOperation(() -> start(kind, request(kind), "schedule " + job)))
                .onFailure()
                .transform(failure -> HttpStatusException.of(WorkerPools.unwrap(failure)));
    }

    /** After some lost in a row, and again after each as many, a reconciliation copies what events did not. */
    private void sendCanary() {
        int lost = onDemandOperations.canary().path("lost").asInt();
        int threshold = settings.configuration().reconcile().afterLostCanaries();
        if (lost > 0 && threshold > 0 && lost % threshold == 0) {
            start(OperationKind.RECONCILE, request(OperationKind.RECONCILE), lost + " lost canaries");
        }
    }

    private static @Nullable Void logFailedCanary(Throwable failure) {
        LogEvent.of("canary-failed")
                .with("reason", WorkerPools.unwrap(failure).getMessage())
                .with("next", "the next one is due as scheduled")
                .log(LOGGER, Level.WARNING);
        return null;
    }

    private void start(OperationKind kind, JsonNode request, String by) {
        try {
            onDemandOperations.submit(kind, request, by);
        } catch (ConflictException e) {
            LogEvent.of("not-started")
                    .with("kind", kind.label())
                    .with("reason", e.getMessage())
                    .log(LOGGER, Level.INFO);
        }
    }

    /** Anybody who reaches the Broker can send an event, so only the configuration decides what to do. */
    private static void requireNoParameters(byte[] data) {
        if (data.length == 0) {
            return;
        }
        try {
            JsonNode given = JSON.readTree(data);
            if (!given.isObject() || !given.isEmpty()) {
                throw new HttpStatusException(
                        EventResponses.PERMANENT,
                        "An event carries no parameters: send none, or {}, and set operations.scheduled-content-share"
                                + " or operations.drill-images, or POST the request to /verify, /reconcile or /drill");
            }
        } catch (IOException e) {
            throw new HttpStatusException(EventResponses.PERMANENT, "The event's data is not valid JSON");
        }
    }

    private JsonNode request(OperationKind kind) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        double share = settings.configuration().operations().scheduledContentShare();
        if (kind == OperationKind.VERIFY && share > 0) {
            request.put("depth", "content");
            if (share < 1) {
                // The same day selects the same blobs, even if it runs twice.
                long day = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).toEpochDay();
                request.putObject("sample").put("fraction", share).put("seed", day);
            }
        }
        return request;
    }
}
