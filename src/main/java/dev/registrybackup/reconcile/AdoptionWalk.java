package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.reconcile.AdoptionResult.Outcome;
import dev.registrybackup.reconcile.AdoptionVerifier.Proof;
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
    private static final int AT_ONCE = 16;

    /** With so many failures it is the store that fails, and not some objects in it. */
    private static final int MOST_UNTOLD = 100;

    private final AdoptionVerifier proofs;
    private final BoundedTaskGroup boundedTaskGroup;
    private final CorruptBlobs bad;
    private final AdoptionRecord record;
    private final Consumer<Finding> found;

    /** Filled by the lanes; read here once they are done. */
    private final ConcurrentNavigableMap<String, Proof> batch = new ConcurrentSkipListMap<>();

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
        this.proofs = proofs;
        this.boundedTaskGroup = new BoundedTaskGroup(workerPools, AT_ONCE);
        this.bad = bad;
        this.record = record;
        this.found = found;
    }

    /** Has the next blob read, and settles the batch if it is full. */
    void take(Digest digest, ObjectInfo object) {
        boundedTaskGroup.submit(object.size(), () -> batch.put(object.key(), proofs.prove(digest, object)));
        batchBlobs++;
        batchBytes += object.size();
        if (batchBlobs >= BATCH_BLOBS || batchBytes >= BATCH_BYTES || record.isDue()) {
            settle();
        }
    }

    /** Settles what was taken. */
    void settle() {
        boundedTaskGroup.await();
        AdoptionCheckpoint reached = record.checkpoint();
        for (Proof proof : batch.values()) {
            AdoptionResult adoptionResult = settle(proof);
            counts.merge(adoptionResult.outcome(), 1L, Long::sum);
            bytes += adoptionResult.bytes();
            // It stays before the first that is untold, so that the next run reads that again.
            if (count(Outcome.UNTOLD) == 0) {
                reached = reached.past(proof.object().key(), adoptionResult);
            }
        }
        batch.clear();
        batchBlobs = 0;
        batchBytes = 0;
        record.write(reached);
    }

    private AdoptionResult settle(Proof proof) {
        return switch (proof.state()) {
            case GOOD -> new AdoptionResult(Outcome.PROVED, proof.object().size());
            case GONE -> AdoptionResult.GONE;
            case BAD -> settleBad(proof);
            case UNTOLD -> untold(proof.digest(), proof.failure().orElseThrow());
        };
    }

    private AdoptionResult settleBad(Proof proof) {
        try {
            return bad.settle(proof.digest(), proof.object());
        } catch (ObjectStoreException e) {
            return untold(proof.digest(), e);
        }
    }

    private AdoptionResult untold(Digest digest, ObjectStoreException failure) {
        if (failure.error() == StoreError.BUCKET_MISSING || count(Outcome.UNTOLD) >= MOST_UNTOLD) {
            throw failure;
        }
        found.accept(new Finding(
                FindingCode.COULD_NOT_TELL,
                digest.toString(),
                "The backup's copy was not proved: %s. The next run goes on with it".formatted(failure.getMessage())));
        return AdoptionResult.UNTOLD;
    }

    private long count(Outcome outcome) {
        return counts.getOrDefault(outcome, 0L);
    }

    /** What was done so far; complete if nothing is untold. */
    Adoption.Result result() {
        return new Adoption.Result(
                count(Outcome.PROVED),
                count(Outcome.REPLACED),
                count(Outcome.SET_ASIDE),
                bytes,
                count(Outcome.UNTOLD) == 0);
    }
}
