package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.reconcile.AdoptionProofs.Proof;
import dev.registrybackup.reconcile.Settled.Outcome;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Window;
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

    private final AdoptionProofs proofs;
    private final Window window;
    private final BadBlobs bad;
    private final AdoptionRecord record;
    private final Consumer<Finding> found;

    /** Filled by the lanes; read here once they are done. */
    private final ConcurrentNavigableMap<String, Proof> batch = new ConcurrentSkipListMap<>();

    private final Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
    private int batchBlobs;
    private long batchBytes;
    private long bytes;

    AdoptionWalk(AdoptionProofs proofs, Lanes lanes, BadBlobs bad, AdoptionRecord record, Consumer<Finding> found) {
        this.proofs = proofs;
        this.window = new Window(lanes, AT_ONCE);
        this.bad = bad;
        this.record = record;
        this.found = found;
    }

    /** Has the next blob read, and settles the batch if it is full. */
    void take(Digest digest, ObjectInfo object) {
        window.submit(object.size(), () -> batch.put(object.key(), proofs.prove(digest, object)));
        batchBlobs++;
        batchBytes += object.size();
        if (batchBlobs >= BATCH_BLOBS || batchBytes >= BATCH_BYTES || record.isDue()) {
            settle();
        }
    }

    /** Settles what was taken. */
    void settle() {
        window.await();
        AdoptionCheckpoint reached = record.checkpoint();
        for (Proof proof : batch.values()) {
            Settled settled = settle(proof);
            counts.merge(settled.outcome(), 1L, Long::sum);
            bytes += settled.bytes();
            // It stays before the first that is untold, so that the next run reads that again.
            if (count(Outcome.UNTOLD) == 0) {
                reached = reached.past(proof.object().key(), settled);
            }
        }
        batch.clear();
        batchBlobs = 0;
        batchBytes = 0;
        record.write(reached);
    }

    private Settled settle(Proof proof) {
        return switch (proof.state()) {
            case GOOD -> new Settled(Outcome.PROVED, proof.object().size());
            case GONE -> Settled.GONE;
            case BAD -> settleBad(proof);
            case UNTOLD -> untold(proof.digest(), proof.failure().orElseThrow());
        };
    }

    private Settled settleBad(Proof proof) {
        try {
            return bad.settle(proof.digest(), proof.object());
        } catch (ObjectStoreException e) {
            return untold(proof.digest(), e);
        }
    }

    private Settled untold(Digest digest, ObjectStoreException failure) {
        if (failure.error() == StoreError.BUCKET_MISSING || count(Outcome.UNTOLD) >= MOST_UNTOLD) {
            throw failure;
        }
        found.accept(new Finding(
                FindingCode.COULD_NOT_TELL,
                digest.toString(),
                "The backup's copy was not proved: %s. The next run goes on with it".formatted(failure.getMessage())));
        return Settled.UNTOLD;
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
