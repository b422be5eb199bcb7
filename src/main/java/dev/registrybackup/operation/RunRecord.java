package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The record that the process running an operation writes.
 *
 * @param state running, or the final state
 * @param runner where it runs, for people
 * @param startedAt when it started, UTC by the clock of its process, as the other times
 * @param heartbeatAt when it sent its last heartbeat
 * @param finishedAt when it finished
 * @param progress its progress
 * @param summary its handler's summary
 * @param reason why it failed or was cancelled
 */
public record RunRecord(
        OperationState state,
        String runner,
        Instant startedAt,
        Instant heartbeatAt,
        Optional<Instant> finishedAt,
        ProgressTracker.Progress progress,
        Optional<ObjectNode> summary,
        Optional<String> reason) {

    /** The result of a run. */
    record RunOutcome(OperationState state, Optional<ObjectNode> summary, Optional<String> reason) {}

    static RunRecord started(String runner, Instant now) {
        return new RunRecord(
                OperationState.RUNNING,
                runner,
                now,
                now,
                Optional.empty(),
                new ProgressTracker().progress(),
                Optional.empty(),
                Optional.empty());
    }

    RunRecord withHeartbeat(Instant now, ProgressTracker.Progress newProgress) {
        return new RunRecord(state, runner, startedAt, now, finishedAt, newProgress, summary, reason);
    }

    /** This run, with the start of the operation's first. */
    RunRecord startedAt(Instant first) {
        return new RunRecord(state, runner, first, heartbeatAt, finishedAt, progress, summary, reason);
    }

    /** Whether the other is of the same process. */
    boolean isSameRun(RunRecord other) {
        return runner.equals(other.runner) && startedAt.equals(other.startedAt);
    }

    RunRecord finished(Instant now, ProgressTracker.Progress newProgress, RunOutcome outcome) {
        return new RunRecord(
                outcome.state(),
                runner,
                startedAt,
                now,
                Optional.of(now),
                newProgress,
                outcome.summary(),
                outcome.reason());
    }

    /**
     * The runs of a divided operation's indexes as one, which runs until one of them has merged all, unless it was
     * cancelled. An index that failed is repeated; meanwhile its reason is shown. Empty if none has run.
     */
    static Optional<RunRecord> ofIndexes(List<RunRecord> indexes) {
        boolean isCancelled = indexes.stream().anyMatch(run -> run.state == OperationState.CANCELLED);
        return indexes.stream()
                .reduce((one, other) -> new RunRecord(
                        OperationState.RUNNING,
                        "",
                        one.startedAt.isBefore(other.startedAt) ? one.startedAt : other.startedAt,
                        one.heartbeatAt.isAfter(other.heartbeatAt) ? one.heartbeatAt : other.heartbeatAt,
                        Optional.empty(),
                        one.progress.plus(other.progress),
                        Optional.empty(),
                        one.reason.or(other::reason)))
                .map(all -> new RunRecord(
                        isCancelled ? OperationState.CANCELLED : OperationState.RUNNING,
                        indexes.size() + " indexes",
                        all.startedAt,
                        all.heartbeatAt,
                        Optional.empty(),
                        all.progress,
                        Optional.empty(),
                        all.reason));
    }

    /** How long it has run until its last heartbeat. */
    Duration elapsed() {
        return Duration.between(startedAt, heartbeatAt);
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("state", state.label()).put("runner", runner);
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

    static RunRecord parse(String json) throws IOException {
        JsonReader fields = JsonReader.parse(json);
        String state = fields.text("state");
        return new RunRecord(
                OperationState.fromLabel(state).orElseThrow(() -> new IOException("unknown state: " + state)),
                fields.text("runner"),
                fields.time("startedAt"),
                fields.time("heartbeatAt"),
                fields.optionalTime("finishedAt"),
                ProgressJson.parse(fields.root()),
                fields.object("summary"),
                fields.optionalText("reason"));
    }
}
