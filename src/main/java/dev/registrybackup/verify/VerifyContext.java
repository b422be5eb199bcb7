package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.registry.Digest;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The store, limits, counts and findings that all parts of one verification share. Safe for use by many threads. */
final class VerifyContext {
    /** If more objects than this fail, the store fails and the verification stops. */
    static final int MAX_UNKNOWN = 1000;

    /** So many refusals in a row mean missing rights, not single objects with another encryption key. */
    static final int MAX_CONSECUTIVE_FORBIDDEN = 50;

    /** How many single requests run at once. */
    private static final int CONCURRENCY = 32;

    private final VerifyRequest request;
    private final RegistryStore store;
    private final WorkerPools workerPools;
    private final OperationContext operation;
    private final BlobStates blobs;

    /** Everything below is guarded by this. */
    private final Map<FindingCode, Long> findings = new EnumMap<>(FindingCode.class);

    private long objects;
    private long bytes;
    private int unknown;
    private int consecutiveForbidden;

    VerifyContext(VerifyRequest request, RegistryStore store, WorkerPools workerPools, OperationContext operation) {
        this(request, store, workerPools, operation, new BlobStates());
    }

    private VerifyContext(
            VerifyRequest request,
            RegistryStore store,
            WorkerPools workerPools,
            OperationContext operation,
            BlobStates blobs) {
        this.request = request;
        this.store = store;
        this.workerPools = workerPools;
        this.operation = operation;
        this.blobs = blobs;
    }

    /** The same blobs, with no counts and findings yet. */
    VerifyContext restart(OperationContext other) {
        return new VerifyContext(request, store, workerPools, other, blobs);
    }

    VerifyRequest request() {
        return request;
    }

    RegistryStore store() {
        return store;
    }

    WorkerPools workerPools() {
        return workerPools;
    }

    /** The states of the store's blobs. */
    BlobStates blobs() {
        return blobs;
    }

    /** A new group for concurrent requests. */
    BoundedTaskGroup tasks() {
        return new BoundedTaskGroup(workerPools, CONCURRENCY);
    }

    /** Whether the scope is everything. */
    boolean isFullScope() {
        return request.scope() instanceof Scope.All;
    }

    /** Whether the scope has complete repositories, not one image. */
    boolean isRepositoryScope() {
        return isFullScope()
                || request.scope() instanceof Scope.Namespace
                || request.scope() instanceof Scope.Repository;
    }

    /** Whether the store is the backup. */
    boolean isBackup() {
        return request.store().equals(VerifyRequest.BACKUP);
    }

    /** Whether the repository, digest or key of this name is in this index's share of the work. */
    boolean isOwn(String name) {
        return operation.index().includes(name);
    }

    /** Whether to read the blob's bytes. */
    boolean isHashed(Digest blob) {
        return request.depth() == Depth.CONTENT
                && request.sample().map(sample -> sample.includes(blob)).orElse(true);
    }

    /** What to do about a broken object. */
    String remedy() {
        return isBackup()
                ? "copy it from the registry again if the registry still has it"
                : "restore it from the backup with mode repair";
    }

    OperationContext operation() {
        return operation;
    }

    /** Reports a finding. */
    synchronized void report(FindingCode code, String subject, String problem) {
        Finding reported = operation.report(new Finding(code, subject, problem));
        findings.merge(reported.code(), 1L, Long::sum);
    }

    /**
     * Reports that a result cannot be determined because the store failed.
     *
     * @throws ObjectStoreException the given failure, if the bucket or rights are missing, or too many objects failed
     */
    synchronized void reportUnknown(String subject, ObjectStoreException failure) {
        unknown++;
        consecutiveForbidden = failure.error() == StoreError.FORBIDDEN ? consecutiveForbidden + 1 : 0;
        if (failure.error() == StoreError.BUCKET_MISSING
                || unknown > MAX_UNKNOWN
                || consecutiveForbidden > MAX_CONSECUTIVE_FORBIDDEN) {
            throw failure;
        }
        report(
                FindingCode.UNDETERMINED,
                subject,
                "The store failed (%s): %s. Verify it again"
                        .formatted(
                                failure.error().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                                failure.getMessage()));
    }

    /** Adds bytes that will be read. */
    void addExpectedBytes(long more) {
        operation.progress().addExpected(0, more);
    }

    /** Adds bytes that were read. */
    synchronized void addReadBytes(long more) {
        bytes += more;
        consecutiveForbidden = 0;
        operation.progress().addDone(0, more);
    }

    /** Subtracts bytes that will not be read after all. */
    void addSkippedBytes(long more) {
        operation.progress().addDone(0, more);
    }

    /** Counts one verified object. */
    synchronized void addObject() {
        objects++;
        operation.progress().addExpected(1, 0);
        operation.progress().addDone(1, 0);
    }

    /** How many objects were verified. */
    synchronized long objects() {
        return objects;
    }

    /** How many bytes were read. */
    synchronized long bytes() {
        return bytes;
    }

    /** How many findings of each code were reported. */
    synchronized Map<FindingCode, Long> findings() {
        return Map.copyOf(findings);
    }
}
