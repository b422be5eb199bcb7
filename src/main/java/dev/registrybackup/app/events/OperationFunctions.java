package dev.registrybackup.app.events;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.OnDemandOperations;
import dev.registrybackup.app.http.OperationResponses;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationStatus;
import io.quarkus.funqy.Funq;
import io.smallrye.mutiny.Uni;
import java.util.Optional;

/** The functions that are called by whoever wants something restored, verified, gone over or told. */
public class OperationFunctions {
    private static final int ACCEPTED = 202;

    private final OperationResponses answers;
    private final OnDemandOperations onDemandOperations;

    /** Created for each call. */
    public OperationFunctions(OperationResponses answers, OnDemandOperations onDemandOperations) {
        this.answers = answers;
        this.onDemandOperations = onDemandOperations;
    }

    /** Has something restored, or tells what that would come to. */
    @Funq("restore")
    public Uni<JsonNode> restore(JsonNode body) {
        return body.path("dryRun").asBoolean(false)
                ? answers.ok(() -> onDemandOperations.plan(body))
                : answers.with(ACCEPTED, by -> accepted(onDemandOperations.submit(OperationKind.RESTORE, body, by)));
    }

    /** Tells what would hinder a restore into a cluster; in the role operations, whether all is there that the backup needs. */
    @Funq("preflight")
    public Uni<JsonNode> preflight(JsonNode body) {
        return answers.ok(() -> onDemandOperations.preflight(body));
    }

    /** Has a store verified. */
    @Funq("verify")
    public Uni<JsonNode> verify(JsonNode body) {
        return answers.with(ACCEPTED, by -> accepted(onDemandOperations.submit(OperationKind.VERIFY, body, by)));
    }

    /** Has everything gone over. */
    @Funq("reconcile")
    public Uni<JsonNode> reconcile(JsonNode body) {
        return answers.with(ACCEPTED, by -> accepted(onDemandOperations.submit(OperationKind.RECONCILE, body, by)));
    }

    /** Ends an operation. */
    @Funq("cancel")
    public Uni<JsonNode> cancel(JsonNode body) {
        return answers.with(ACCEPTED, by -> accepted(onDemandOperations.cancel(body, by)));
    }

    /** Has a lost or incomplete operation go on. */
    @Funq("resume")
    public Uni<JsonNode> resume(JsonNode body) {
        return answers.with(ACCEPTED, by -> accepted(onDemandOperations.resume(body, by)));
    }

    /** How one operation stands. */
    @Funq("operation")
    public Uni<JsonNode> operation() {
        Optional<String> id = answers.parameter("id");
        return answers.ok(() -> onDemandOperations.operation(id));
    }

    /** How the newest operations stand. */
    @Funq("operations")
    public Uni<JsonNode> operations() {
        return answers.ok(onDemandOperations::operations);
    }

    /** What the backup has. */
    @Funq("catalog")
    public Uni<JsonNode> catalog() {
        Optional<String> repository = answers.parameter("repository");
        Optional<String> after = answers.parameter("after");
        Optional<String> limit = answers.parameter("limit");
        return answers.ok(() -> onDemandOperations.catalog(repository, after, limit));
    }

    private static JsonNode accepted(OperationStatus status) {
        return status.json();
    }
}
