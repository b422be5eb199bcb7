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
 * @param started when it began, UTC in its process's clock, as are the other times
 * @param heartbeat when it last showed life
 * @param ended when it ended
 * @param reading how far it is
 * @param summary what its work says in the end
 * @param reason why it failed or was cancelled
 */
public record AttemptRecord(
        int number,
        OperationState state,
        String runner,
        String token,
        Instant started,
        Instant heartbeat,
        Optional<Instant> ended,
        ProgressTracker.Reading reading,
        Optional<ObjectNode> summary,
        Optional<String> reason) {

    /** How an attempt ends. */
    record Ending(OperationState state, Optional<ObjectNode> summary, Optional<String> reason) {}

    static AttemptRecord begun(int number, String runner, String token, Instant now) {
        return new AttemptRecord(
                number,
                OperationState.RUNNING,
                runner,
                token,
                now,
                now,
                Optional.empty(),
                new ProgressTracker().read(),
                Optional.empty(),
                Optional.empty());
    }

    AttemptRecord alive(Instant now, ProgressTracker.Reading far) {
        return new AttemptRecord(number, state, runner, token, started, now, ended, far, summary, reason);
    }

    AttemptRecord ended(Instant now, ProgressTracker.Reading far, Ending ending) {
        return new AttemptRecord(
                number,
                ending.state(),
                runner,
                token,
                started,
                now,
                Optional.of(now),
                far,
                ending.summary(),
                ending.reason());
    }

    /** How long it has been at it, as of its last sign of life. */
    Duration elapsed() {
        return Duration.between(started, heartbeat);
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("state", state.label()).put("runner", runner).put("token", token);
        putTimes(root);
        putCourse(root);
        return root;
    }

    void putTimes(ObjectNode root) {
        root.put("started", started.toString()).put("heartbeat", heartbeat.toString());
        ended.ifPresent(time -> root.put("ended", time.toString()));
    }

    void putCourse(ObjectNode root) {
        ProgressJson.put(root, reading, elapsed());
        summary.ifPresent(figures -> root.set("summary", figures));
        reason.ifPresent(why -> root.put("reason", why));
    }

    static AttemptRecord of(int number, String json) throws IOException {
        JsonReader fields = JsonReader.of(json);
        String state = fields.text("state");
        return new AttemptRecord(
                number,
                OperationState.labelled(state).orElseThrow(() -> new IOException("an unknown state in it: " + state)),
                fields.text("runner"),
                fields.text("token"),
                fields.time("started"),
                fields.time("heartbeat"),
                fields.optionalTime("ended"),
                ProgressJson.of(fields.root()),
                fields.object("summary"),
                fields.optionalText("reason"));
    }
}
