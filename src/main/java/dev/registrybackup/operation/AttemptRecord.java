package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What one attempt at an operation says of itself.
 *
 * @param number which attempt it is, from 1
 * @param state how it stands: running, or how it ended
 * @param runner where it runs, for a human
 * @param token tells it from an attempt that another process began under the same number
 * @param startedAt when it began, UTC in its process's clock, as are the other times
 * @param heartbeatAt when it last showed life
 * @param finishedAt when it ended
 * @param progress how far it is
 * @param summary what its work says in the end
 * @param reason why it failed or was cancelled
 */
public record AttemptRecord(
        int number,
        OperationState state,
        String runner,
        String token,
        Instant startedAt,
        Instant heartbeatAt,
        Optional<Instant> finishedAt,
        ProgressTracker.Progress progress,
        Optional<ObjectNode> summary,
        Optional<String> reason) {

    /** How an attempt ends. */
    record AttemptOutcome(OperationState state, Optional<ObjectNode> summary, Optional<String> reason) {}

    static AttemptRecord started(int number, String runner, String token, Instant now) {
        return new AttemptRecord(
                number,
                OperationState.RUNNING,
                runner,
                token,
                now,
                now,
                Optional.empty(),
                new ProgressTracker().progress(),
                Optional.empty(),
                Optional.empty());
    }

    AttemptRecord withHeartbeat(Instant now, ProgressTracker.Progress far) {
        return new AttemptRecord(number, state, runner, token, startedAt, now, finishedAt, far, summary, reason);
    }

    AttemptRecord finishedAt(Instant now, ProgressTracker.Progress far, AttemptOutcome attemptOutcome) {
        return new AttemptRecord(
                number,
                attemptOutcome.state(),
                runner,
                token,
                startedAt,
                now,
                Optional.of(now),
                far,
                attemptOutcome.summary(),
                attemptOutcome.reason());
    }

    /** How long it has been at it, as of its last sign of life. */
    Duration elapsed() {
        return Duration.between(startedAt, heartbeatAt);
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("state", state.label()).put("runner", runner).put("token", token);
        putTimes(root);
        putProgress(root);
        return root;
    }

    void putTimes(ObjectNode root) {
        root.put("startedAt", startedAt.toString()).put("heartbeatAt", heartbeatAt.toString());
        finishedAt.ifPresent(time -> root.put("finishedAt", time.toString()));
    }

    void putProgress(ObjectNode root) {
        ProgressJson.put(root, progress, elapsed());
        summary.ifPresent(figures -> root.set("summary", figures));
        reason.ifPresent(why -> root.put("reason", why));
    }

    static AttemptRecord parse(int number, String json) throws IOException {
        JsonReader fields = JsonReader.parse(json);
        String state = fields.text("state");
        return new AttemptRecord(
                number,
                OperationState.fromLabel(state).orElseThrow(() -> new IOException("an unknown state in it: " + state)),
                fields.text("runner"),
                fields.text("token"),
                fields.time("startedAt"),
                fields.time("heartbeatAt"),
                fields.optionalTime("finishedAt"),
                ProgressJson.parse(fields.root()),
                fields.object("summary"),
                fields.optionalText("reason"));
    }
}
