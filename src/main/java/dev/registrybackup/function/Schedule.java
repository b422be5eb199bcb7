package dev.registrybackup.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.SlotBusyException;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Starts what is due. Its answers have no body, since a reply would be an event. */
@ApplicationScoped
class Schedule {
    private static final Logger LOGGER = Logger.getLogger(Schedule.class.getName());
    private static final String PING = "dev.knative.sources.ping";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, OperationKind> JOBS =
            Map.of("reconcile", OperationKind.RECONCILE, "verify", OperationKind.VERIFY);

    private final OnDemand onDemand;
    private final OnDemandAnswers answers;
    private final Clock clock;

    Schedule(OnDemand onDemand, OnDemandAnswers answers, Clock clock) {
        this.onDemand = onDemand;
        this.answers = answers;
        this.clock = clock;
    }

    /**
     * Has the operation started. What can never be is refused for good, with 422; what another one under way does instead
     * is well.
     *
     * @param job what the event's sender was set to say
     * @param data the request, in JSON; nothing for the usual one
     */
    Uni<Void> begin(@Nullable String type, @Nullable String job, byte @Nullable [] data) {
        OperationKind kind = job == null ? null : JOBS.get(job);
        if (!PING.equals(type) || kind == null) {
            throw new Refusal(
                    EventAnswers.PERMANENT,
                    "Nothing is started by an event of type %s with the job %s: expected %s and one of %s, which a PingSource's ceOverrides set"
                            .formatted(type, job, PING, JOBS.keySet()));
        }
        JsonNode request = request(data);
        return answers.with(204, by -> start(kind, request, "schedule " + job)).replaceWithVoid();
    }

    private JsonNode start(OperationKind kind, JsonNode request, String by) {
        try {
            onDemand.ask(kind, request, by);
        } catch (SlotBusyException e) {
            LOGGER.infof("event=not-started kind=%s reason=\"%s\"", kind.label(), e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new Refusal(EventAnswers.PERMANENT, "The event's data is no request: " + e.getMessage());
        }
        return JsonNodeFactory.instance.objectNode();
    }

    /** Without data the usual thing is done; a PingSource without any sends an empty object's text, or nothing. */
    private JsonNode request(byte @Nullable [] data) {
        if (data == null || data.length == 0) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode request = JSON.readTree(data);
            if (request.isObject()) {
                return drawnAnew(request);
            }
            throw new Refusal(EventAnswers.PERMANENT, "The event's data has to be a JSON object, not " + request);
        } catch (IOException e) {
            throw new Refusal(EventAnswers.PERMANENT, "The event's data is no JSON that can be read");
        }
    }

    /** A PingSource says the same each day; a sample without a seed is another one each day. */
    private JsonNode drawnAnew(JsonNode request) {
        if (request.path("sample") instanceof ObjectNode sample && !sample.has("seed")) {
            sample.put(
                    "seed", LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).toEpochDay());
        }
        return request;
    }
}
