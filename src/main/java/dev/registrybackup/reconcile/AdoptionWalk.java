package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.AdoptionResult.Outcome;
import dev.registrybackup.reconcile.AdoptionVerifier.BlobVerification;
import dev.registrybackup.registry.Digest;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * Takes blobs in key order, has a batch of them read, settles what came of it, and writes the checkpoint. For one thread,
 * which waits for the lanes, and so may wait for the copies of others too.
 */
final class AdoptionWalk {
    static final int BATCH_BLOBS = 1000;

    private static final long BATCH_BYTES = 64L << 30;
    private static final int CONCURRENCY = 16;

    /** With so many failures it is the store that fails, and not some objects in it. */
    private static final int MAX_UNKNOWN = 100;

    private final AdoptionVerifier adoptionVerifier;
    private final BoundedTaskGroup boundedTaskGroup;
    private final CorruptBlobs corruptBlobs;
    private final AdoptionRecord record;
    private final Consumer<Finding> findings;

    /** Filled by the lanes; read here once they are done. */
    private final ConcurrentNavigableMap<String, BlobVerification> batch = new ConcurrentSkipListMap<>();

    private final Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
    private int batchBlobs;
    private long batchBytes;
    private long bytes;

    AdoptionWalk(
            AdoptionVerifier proofs,
            WorkerPools workerPools,
            CorruptBlobs bad,
            AdoptionRecord record,
            Consumer<Finding> found) {
        this.adoptionVerifier = proofs;
        this.boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        this.corruptBlobs = bad;
        this.record = record;
        this.findings = found;
    }

    /** Has the next blob read, and settles the batch if it is full. */
    void submit(Digest digest, ObjectInfo object) {
        boundedTaskGroup.submit(object.size(), () -> batch.put(object.key(), adoptionVerifier.verify(digest, object)));
        batchBlobs++;
        batchBytes += object.size();
        if (batchBlobs >= BATCH_BLOBS || batchBytes >= BATCH_BYTES || record.isDue()) {
            resolve();
        }
    }

    /** Settles what was taken. */
    void resolve() {
        boundedTaskGroup.await();
        AdoptionCheckpoint reached = record.checkpoint();
        for (BlobVerification blobVerification : batch.values()) {
            AdoptionResult adoptionResult = resolve(blobVerification);
            counts.merge(adoptionResult.outcome(), 1L, Long::sum);
            bytes += adoptionResult.bytes();
            // It stays before the first that is untold, so that the next run reads that again.
            if (count(Outcome.UNKNOWN) == 0) {
                reached = reached.advance(blobVerification.object().key(), adoptionResult);
            }
        }
        batch.clear();
        batchBlobs = 0;
        batchBytes = 0;
        record.write(reached);
    }

    private AdoptionResult resolve(BlobVerification blobVerification) {
        return switch (blobVerification.state()) {
            case INTACT ->
                new AdoptionResult(Outcome.VERIFIED, blobVerification.object().size());
            case MISSING -> AdoptionResult.MISSING;
            case CORRUPT -> resolveCorrupt(blobVerification);
            case UNKNOWN ->
                reportUnknown(
                        blobVerification.digest(), blobVerification.failure().orElseThrow());
        };
    }

    private AdoptionResult resolveCorrupt(BlobVerification blobVerification) {
        try {
            return corruptBlobs.replaceOrQuarantine(blobVerification.digest(), blobVerification.object());
        } catch (ObjectStoreException e) {
            return reportUnknown(blobVerification.digest(), e);
        }
    }

    private AdoptionResult reportUnknown(Digest digest, ObjectStoreException failure) {
        if (failure.error() == StoreError.BUCKET_MISSING || count(Outcome.UNKNOWN) >= MAX_UNKNOWN) {
            throw failure;
        }
        findings.accept(new Finding(
                FindingCode.UNDETERMINED,
                digest.toString(),
                "The backup's copy was not proved: %s. The next run goes on with it".formatted(failure.getMessage())));
        return AdoptionResult.UNKNOWN;
    }

    private long count(Outcome outcome) {
        return counts.getOrDefault(outcome, 0L);
    }

    /** What was done so far; complete if nothing is untold. */
    Adoption.AdoptionSummary result() {
        return new Adoption.AdoptionSummary(
                count(Outcome.VERIFIED),
                count(Outcome.REPLACED),
                count(Outcome.QUARANTINED),
                bytes,
                count(Outcome.UNKNOWN) == 0);
    }
}
