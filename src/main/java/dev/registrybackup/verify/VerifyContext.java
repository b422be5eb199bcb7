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

/**
 * What all parts of one verification work with, and what it has looked at and found so far. The store that is looked at is
 * never written. Safe for use by many threads.
 */
final class VerifyContext {
    /** So many objects may fail; more of them are a store that is out of order, of which nothing more can be said. */
    static final int MAX_UNKNOWN = 1000;

    /** So many refusals in a row are not single objects that somebody else encrypted, but missing rights. */
    static final int MAX_CONSECUTIVE_FORBIDDEN = 50;

    /** So many single requests are under way at once. */
    private static final int CONCURRENCY = 32;

    private final VerifyRequest request;
    private final RegistryStore store;
    private final WorkerPools workerPools;
    private final OperationContext operation;
    private final BlobStates blobs = new BlobStates();

    /** Everything below is guarded by this. */
    private final Map<FindingCode, Long> findings = new EnumMap<>(FindingCode.class);

    private long objects;
    private long bytes;
    private int unknown;
    private int consecutiveForbidden;

    VerifyContext(VerifyRequest request, RegistryStore store, WorkerPools workerPools, OperationContext operation) {
        this.request = request;
        this.store = store;
        this.workerPools = workerPools;
        this.operation = operation;
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

    /** What is known of the store's blobs. */
    BlobStates blobs() {
        return blobs;
    }

    /** For requests that are made side by side. */
    BoundedTaskGroup tasks() {
        return new BoundedTaskGroup(workerPools, CONCURRENCY);
    }

    /** Whether everything is looked at. */
    boolean isFullScope() {
        return request.scope() instanceof Scope.All;
    }

    /** Whether whole repositories are looked at, and not one image. */
    boolean isRepositoryScope() {
        return isFullScope()
                || request.scope() instanceof Scope.Namespace
                || request.scope() instanceof Scope.Repository;
    }

    /** Whether the store is the backup. */
    boolean isBackup() {
        return request.store().equals(VerifyRequest.BACKUP);
    }

    /** Whether the blob's bytes are to be read. */
    boolean isHashed(Digest blob) {
        return request.depth() == Depth.CONTENT
                && request.sample().map(sample -> sample.includes(blob)).orElse(true);
    }

    /** What to do about something broken. */
    String remedy() {
        return isBackup()
                ? "have it copied from the registry again if that still has it"
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
     * Reports that the store did not say.
     *
     * @throws ObjectStoreException what it is given, if there is no bucket, there are no rights, or too many objects failed
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

    /** So many bytes will be read. */
    void addExpectedBytes(long more) {
        operation.progress().addExpected(0, more);
    }

    /** So many bytes were read. */
    synchronized void addReadBytes(long more) {
        bytes += more;
        consecutiveForbidden = 0;
        operation.progress().addDone(0, more);
    }

    /** So many bytes will not be read after all. */
    void addSkippedBytes(long more) {
        operation.progress().addDone(0, more);
    }

    /** One more object was looked at. */
    synchronized void addObject() {
        objects++;
        operation.progress().addExpected(1, 0);
        operation.progress().addDone(1, 0);
    }

    /** How many objects were looked at. */
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
