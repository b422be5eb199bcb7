package dev.registrybackup.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.metadata.MetadataRestore;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationState;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.Work;
import dev.registrybackup.reconcile.ReconcileRequest;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.restore.Ends;
import dev.registrybackup.restore.Metadata;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.verify.Verification;
import dev.registrybackup.verify.VerifyRequest;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The work of operations, from request to stores.
 *
 * @param backup the backup
 * @param targets the stores that a request may name
 * @param lanes where the work is done
 * @param pace how fast it may read
 * @param isOpenShift whose registry it is
 * @param clock the time
 * @param captures what was captured of a cluster's ImageStreams into the backup, if it is OpenShift's
 * @param cluster that which ImageStreams are restored into
 * @param reconciliation goes over everything
 */
record BulkWork(
        Place backup,
        Targets targets,
        Lanes lanes,
        Pace pace,
        boolean isOpenShift,
        Clock clock,
        Optional<Captures> captures,
        Supplier<WritableCluster> cluster,
        Reconciliation reconciliation) {
    /** A request that can be put on record. */
    record Accepted(String slot, ObjectNode parameters) {}

    Map<OperationKind, Work> byKind() {
        return Map.of(
                OperationKind.RESTORE,
                this::restore,
                OperationKind.VERIFY,
                this::verify,
                OperationKind.RECONCILE,
                this::reconcile);
    }

    /** Refuses what cannot be done, as far as that can be told at once. */
    Accepted check(OperationKind kind, JsonNode body) {
        return switch (kind) {
            case RESTORE -> {
                RestoreRequest request = RestoreRequest.parse(body, clock.instant());
                if (request.metadata() == Metadata.NONE) {
                    restore(request.target()).check(request);
                } else {
                    metadataRestore(request).check(request);
                }
                yield new Accepted(request.target(), request.json());
            }
            case VERIFY -> {
                VerifyRequest request = VerifyRequest.parse(body);
                place(request.store()).store().requireBucket();
                backup.store().requireBucket();
                yield new Accepted(request.store(), request.json());
            }
            case RECONCILE -> {
                ReconcileRequest request = ReconcileRequest.parse(body);
                reconciliation.check(request);
                yield new Accepted(VerifyRequest.BACKUP, request.json());
            }
        };
    }

    ObjectNode plan(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        return request.metadata() == Metadata.NONE
                ? restore(request.target()).plan(request)
                : metadataRestore(request).plan(request);
    }

    /** What would hinder a restore into a cluster. */
    ObjectNode preflight(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        if (request.metadata() == Metadata.NONE) {
            throw new IllegalArgumentException(
                    "Say by which route ImageStreams are to be restored: {\"metadata\":\"status\"} or \"mapping\"");
        }
        return metadataRestore(request).preflight(request);
    }

    private MetadataRestore metadataRestore(RestoreRequest request) {
        Captures captured = captures.orElseThrow(() -> new IllegalArgumentException(
                "There is no \"metadata\" to restore, since registry.kind is not openshift"));
        return new MetadataRestore(restore(request.target()), cluster.get(), captured);
    }

    private Restore restore(String target) {
        Place place = targets.named(target);
        return new Restore(
                new Ends(backup.store(), backup.layout(), place.store(), place.layout()), lanes, pace, clock);
    }

    private Place place(String name) {
        return name.equals(VerifyRequest.BACKUP) ? backup : targets.named(name);
    }

    private Work.Result restore(OperationRequest asked, Permit permit, Meter meter) {
        RestoreRequest request = RestoreRequest.parse(asked.parameters(), clock.instant());
        Restore.Outcome outcome = request.metadata() == Metadata.NONE
                ? restore(request.target()).run(request, permit, meter)
                : metadataRestore(request).run(request, permit, meter);
        return new Work.Result(
                outcome.isComplete() ? OperationState.SUCCEEDED : OperationState.INCOMPLETE, outcome.summary());
    }

    private Work.Result reconcile(OperationRequest asked, Permit permit, Meter meter) {
        ReconcileRequest request = ReconcileRequest.parse(asked.parameters());
        Reconciliation.Result result = reconciliation.run(asked.id().value(), request, asked.askedBy(), permit, meter);
        return new Work.Result(
                result.isComplete() ? OperationState.SUCCEEDED : OperationState.INCOMPLETE, result.summary());
    }

    private Work.Result verify(OperationRequest asked, Permit permit, Meter meter) {
        VerifyRequest request = VerifyRequest.parse(asked.parameters());
        Place place = place(request.store());
        Verification.Result result = new Verification(
                        store -> place.store(),
                        backup.store(),
                        place.layout(),
                        lanes,
                        pace,
                        isOpenShift,
                        clock,
                        captures)
                .run(asked.id().value(), request, permit, meter);
        return new Work.Result(
                result.couldNotTell() ? OperationState.INCOMPLETE : OperationState.SUCCEEDED, result.summary());
    }
}
