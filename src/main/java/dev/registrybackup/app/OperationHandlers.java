package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.imagestream.restore.ImageStreamRestore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.OperationHandler;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationState;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.reconcile.ReconcileRequest;
import dev.registrybackup.reconcile.Reconciliation;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
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
 * @param storeRegistry the stores that a request may name
 * @param workerPools where the work is done
 * @param rateLimiter how fast it may read
 * @param isOpenShift whose registry it is
 * @param clock the time
 * @param captures what was captured of a cluster's ImageStreams into the backup, if it is OpenShift's
 * @param cluster that which ImageStreams are restored into
 * @param reconciliation goes over everything
 */
record OperationHandlers(
        RegistryStore backup,
        StoreRegistry storeRegistry,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        boolean isOpenShift,
        Clock clock,
        Optional<CaptureReader> captures,
        Supplier<WritableCluster> cluster,
        Reconciliation reconciliation) {
    /** A request that can be put on record. */
    record ValidatedRequest(String lock, ObjectNode parameters) {}

    Map<OperationKind, OperationHandler> byKind() {
        return Map.of(
                OperationKind.RESTORE,
                this::restore,
                OperationKind.VERIFY,
                this::verify,
                OperationKind.RECONCILE,
                this::reconcile);
    }

    /** Refuses what cannot be done, as far as that can be told at once. */
    ValidatedRequest check(OperationKind kind, JsonNode body) {
        return switch (kind) {
            case RESTORE -> {
                RestoreRequest request = RestoreRequest.parse(body, clock.instant());
                if (request.imageStreamMode() == ImageStreamMode.NONE) {
                    restore(request.target()).check(request);
                } else {
                    metadataRestore(request).check(request);
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
        };
    }

    ObjectNode plan(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        return request.imageStreamMode() == ImageStreamMode.NONE
                ? restore(request.target()).plan(request)
                : metadataRestore(request).plan(request);
    }

    /** What would hinder a restore into a cluster. */
    ObjectNode preflight(JsonNode body) {
        RestoreRequest request = RestoreRequest.parse(body, clock.instant());
        if (request.imageStreamMode() == ImageStreamMode.NONE) {
            throw new IllegalArgumentException(
                    "Say by which route ImageStreams are to be restored: {\"metadata\":\"status\"} or \"mapping\"");
        }
        return metadataRestore(request).preflight(request);
    }

    private ImageStreamRestore metadataRestore(RestoreRequest request) {
        CaptureReader captured = captures.orElseThrow(() -> new IllegalArgumentException(
                "There is no \"metadata\" to restore, since registry.kind is not openshift"));
        return new ImageStreamRestore(restore(request.target()), cluster.get(), captured);
    }

    private Restore restore(String target) {
        return new Restore(backup, storeRegistry.get(target), workerPools, rateLimiter, clock);
    }

    private RegistryStore store(String name) {
        return name.equals(VerifyRequest.BACKUP) ? backup : storeRegistry.get(name);
    }

    private OperationHandler.OperationResult restore(
            OperationRequest asked, Fence fence, ProgressTracker progressTracker) {
        RestoreRequest request = RestoreRequest.parse(asked.parameters(), clock.instant());
        Restore.RestoreResult restoreResult = request.imageStreamMode() == ImageStreamMode.NONE
                ? restore(request.target()).run(request, new OperationContext(fence, progressTracker))
                : metadataRestore(request).run(request, fence, progressTracker);
        return new OperationHandler.OperationResult(
                restoreResult.isComplete() ? OperationState.SUCCEEDED : OperationState.INCOMPLETE,
                restoreResult.summary());
    }

    private OperationHandler.OperationResult reconcile(
            OperationRequest asked, Fence fence, ProgressTracker progressTracker) {
        ReconcileRequest request = ReconcileRequest.parse(asked.parameters());
        Reconciliation.ReconcileResult reconcileResult = reconciliation.run(
                asked.id().value(), request, asked.requestedBy(), new OperationContext(fence, progressTracker));
        return new OperationHandler.OperationResult(
                reconcileResult.isComplete() ? OperationState.SUCCEEDED : OperationState.INCOMPLETE,
                reconcileResult.summary());
    }

    private OperationHandler.OperationResult verify(
            OperationRequest asked, Fence fence, ProgressTracker progressTracker) {
        VerifyRequest request = VerifyRequest.parse(asked.parameters());
        Verification.VerificationResult verificationResult = new Verification(
                        this::store, backup.store(), workerPools, rateLimiter, isOpenShift, clock, captures)
                .run(asked.id().value(), request, new OperationContext(fence, progressTracker));
        return new OperationHandler.OperationResult(
                verificationResult.hasUnknown() ? OperationState.INCOMPLETE : OperationState.SUCCEEDED,
                verificationResult.summary());
    }
}
