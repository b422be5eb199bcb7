package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.restore.ImageStreamRestore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.OperationHandler;
import dev.registrybackup.operation.OperationHandler.OperationResult;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationState;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.reconcile.ReconcileRequest;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.restore.Drill;
import dev.registrybackup.restore.DrillRequest;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.verify.Verification;
import dev.registrybackup.verify.VerifyRequest;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Runs the work of each kind of operation with the stores that its request names.
 *
 * @param captures the captured ImageStreams in the backup, on OpenShift
 * @param cluster the cluster to restore ImageStreams into
 * @param drillImages how many images a drill restores, unless its request has a number
 * @param random a new number with each call
 * @param index which share of a divided operation this process does
 */
record OperationHandlers(
        RegistryStore backup,
        StoreRegistry storeRegistry,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        boolean isOpenShift,
        Clock clock,
        Optional<CaptureReader> captures,
        Supplier<OpenShiftCluster> cluster,
        Reconciliation reconciliation,
        int drillImages,
        LongSupplier random,
        CompletionIndex index) {
    /** Checks a request and returns the form to record. */
    record ValidatedRequest(String lock, ObjectNode parameters) {}

    Map<OperationKind, OperationHandler> byKind() {
        return Map.of(
                OperationKind.RESTORE,
                this::restore,
                OperationKind.VERIFY,
                this::verify,
                OperationKind.RECONCILE,
                this::reconcile,
                OperationKind.DRILL,
                this::drill);
    }

    /** Throws {@link IllegalArgumentException} for a request that obviously cannot run. */
    ValidatedRequest check(OperationKind kind, JsonNode body) {
        return switch (kind) {
            case RESTORE -> {
                RestoreRequest request = RestoreRequest.parse(body, clock.instant());
                if (request.imageStreamMode() == ImageStreamMode.NONE) {
                    restore(request.target()).check(request);
                } else {
                    imageStreamRestore(request).check(request);
                }
                yield new ValidatedRequest(storeRegistry.slot(request.target()), request.json());
            }
            case VERIFY -> {
                VerifyRequest request = VerifyRequest.parse(body);
                store(request.store()).store().requireBucket();
                backup.store().requireBucket();
                yield new ValidatedRequest(storeRegistry.slot(request.store()), request.json());
            }
            case RECONCILE -> {
                ReconcileRequest request = ReconcileRequest.parse(body);
                reconciliation.check(request);
                yield new ValidatedRequest(VerifyRequest.BACKUP, request.json());
            }
            case DRILL -> {
                backup.store().requireBucket();
                yield new ValidatedRequest(Drill.TARGET, drillRequest(body).json());
            }
        };
    }

    /** Whether the work of this request can be divided among several indexes. */
    static boolean isDivisible(OperationRequest recorded) {
        return switch (recorded.kind()) {
            case VERIFY -> Verification.isDivisible(VerifyRequest.parse(recorded.parameters()));
            case RESTORE -> Restore.isDivisible(RestoreRequest.parse(recorded.parameters(), recorded.requestedAt()));
            case RECONCILE -> true;
            case DRILL -> false;
        };
    }

    ObjectNode plan(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        return request.imageStreamMode() == ImageStreamMode.NONE
                ? restore(request.target()).plan(request)
                : imageStreamRestore(request).plan(request);
    }

    /** Checks the prerequisites of a restore into a cluster. */
    ObjectNode preflight(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        if (request.imageStreamMode() == ImageStreamMode.NONE) {
            throw new IllegalArgumentException(
                    "The strategy for ImageStreams is missing: send {\"imageStreams\":\"status\"} or \"mapping\"");
        }
        return imageStreamRestore(request).preflight(request);
    }

    private ImageStreamRestore imageStreamRestore(RestoreRequest request) {
        CaptureReader captured = captures.orElseThrow(() -> new IllegalArgumentException(
                "There are no \"imageStreams\" to restore, because registry.kind is not openshift"));
        return new ImageStreamRestore(restore(request.target()), cluster.get(), captured);
    }

    private Restore restore(String target) {
        return new Restore(backup, storeRegistry.get(target), workerPools, rateLimiter, clock);
    }

    private RegistryStore store(String name) {
        return name.equals(VerifyRequest.BACKUP) ? backup : storeRegistry.get(name);
    }

    private OperationResult restore(OperationRequest recorded, Fence fence, ProgressTracker progressTracker) {
        RestoreRequest request = RestoreRequest.parse(recorded.parameters(), clock.instant());
        OperationContext operation = new OperationContext(fence, progressTracker);
        if (!index.isOnly() && Restore.isDivisible(request)) {
            OperationContext share = operation.withIndex(index);
            IndexReports reports =
                    new IndexReports(backup.store(), recorded.id().value(), isOpenShift, share, workerPools);
            return restore(request.target())
                    .runShare(request, share, reports)
                    .map(done -> result(done.isComplete(), done.summary()))
                    .orElseGet(OperationResult::shareDone);
        }
        Restore.RestoreResult restoreResult = request.imageStreamMode() == ImageStreamMode.NONE
                ? restore(request.target()).run(request, operation)
                : imageStreamRestore(request).run(request, operation);
        return result(restoreResult.isComplete(), restoreResult.summary());
    }

    private OperationResult reconcile(OperationRequest recorded, Fence fence, ProgressTracker progressTracker) {
        ReconcileRequest request = ReconcileRequest.parse(recorded.parameters());
        return reconciliation
                .run(
                        recorded.id().value(),
                        request,
                        recorded.requestedBy(),
                        new OperationContext(fence, progressTracker).withIndex(index))
                .map(reconcileResult -> result(reconcileResult.isComplete(), reconcileResult.summary()))
                .orElseGet(OperationResult::shareDone);
    }

    private DrillRequest drillRequest(JsonNode body) {
        return DrillRequest.parse(body, drillImages, random);
    }

    private OperationResult drill(OperationRequest recorded, Fence fence, ProgressTracker progressTracker) {
        Drill.DrillResult drillResult = new Drill(
                        backup,
                        storeRegistry::drillTarget,
                        workerPools,
                        rateLimiter,
                        isOpenShift,
                        clock,
                        captures.map(captured -> (scratch, request) -> new ImageStreamRestore(
                                        new Restore(backup, scratch, workerPools, rateLimiter, clock),
                                        cluster.get(),
                                        captured)
                                .plan(request)))
                .run(
                        recorded.id().value(),
                        drillRequest(recorded.parameters()),
                        new OperationContext(fence, progressTracker));
        return result(drillResult.isSuccess(), drillResult.summary());
    }

    private OperationResult verify(OperationRequest recorded, Fence fence, ProgressTracker progressTracker) {
        VerifyRequest request = VerifyRequest.parse(recorded.parameters());
        return new Verification(this::store, backup.store(), workerPools, rateLimiter, isOpenShift, clock, captures)
                .run(recorded.id().value(), request, new OperationContext(fence, progressTracker).withIndex(index))
                .map(verificationResult -> result(!verificationResult.hasUnknown(), verificationResult.summary()))
                .orElseGet(OperationResult::shareDone);
    }

    private static OperationResult result(boolean isComplete, ObjectNode summary) {
        return new OperationResult(isComplete ? OperationState.SUCCEEDED : OperationState.INCOMPLETE, summary);
    }
}
