package dev.registrybackup.operation;

import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Which reconciliation is the one that may be at work, whichever processes know of each other: a runner knows only what it
 * runs itself. The record stays after its end, and means nothing once that operation is over or has shown no life for long,
 * by the store's clock. Whoever it is taken from then stops before its next write, as an attempt that is replaced does.
 * Other kinds need no such thing. Blocks.
 */
final class OperationLock {
    static final String KEY = RegistryLayout.METADATA_PREFIX + "reconcile/running";

    private final ObjectStore backup;
    private final MetadataStore records;
    private final OperationStore folder;

    OperationLock(ObjectStore backup, OperationStore folder) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.folder = folder;
    }

    /**
     * Returns if the operation could have the slot now.
     *
     * @param own the key of a record of the operation that was written just now, which tells the store's time
     * @throws ConflictException if another one at work has it
     */
    void requireFree(OperationRequest request, String own) {
        if (isNeeded(request)) {
            requireFree(request, own, holder());
        }
    }

    private void requireFree(OperationRequest request, String own, Optional<OperationId> holder) {
        holder.filter(other -> !other.equals(request.id()))
                .filter(other -> isAtWork(other, own))
                .ifPresent(other -> {
                    throw new ConflictException(other, request);
                });
    }

    /**
     * Has the operation have it.
     *
     * @param own as for {@link #requireFree}
     * @throws ConflictException if another one at work has it, or got it at this moment
     */
    void take(OperationRequest request, String own) {
        if (isHeldBy(request)) {
            return;
        }
        Optional<StoredRecord> before = records.get(KEY);
        requireFree(request, own, before.flatMap(OperationLock::operation));
        // Only what was looked at goes: one that another process wrote since stays, where the bucket keeps versions.
        before.ifPresent(storedRecord -> backup.delete(KEY, storedRecord.version()));
        records.putIfAbsent(KEY, request.id().value());
        // Read in any case, as an attempt's record is: the answer may be lost, or the store not heed the condition.
        if (!isHeldBy(request)) {
            throw new ConflictException(holder().orElse(request.id()), request);
        }
    }

    /** Whether the operation has it, or needs none. */
    boolean isHeldBy(OperationRequest request) {
        return !isNeeded(request) || holder().equals(Optional.of(request.id()));
    }

    private static boolean isNeeded(OperationRequest request) {
        return request.kind() == OperationKind.RECONCILE;
    }

    private Optional<OperationId> holder() {
        return records.get(KEY).flatMap(OperationLock::operation);
    }

    private static Optional<OperationId> operation(StoredRecord storedRecord) {
        return Optional.of(storedRecord.json()).filter(OperationId::isValid).map(OperationId::new);
    }

    private boolean isAtWork(OperationId other, String own) {
        return folder.find(other)
                .filter(contents -> contents.newestAttempt() > 0)
                .flatMap(contents -> folder.readAttempt(other, contents.newestAttempt()))
                .filter(attempt -> !attempt.state().isFinished())
                .flatMap(
                        attempt -> written(OperationStore.key(other, OperationStore.ATTEMPT_PREFIX + attempt.number())))
                .flatMap(last -> written(own).map(now -> Duration.between(last, now)))
                .filter(silent -> silent.compareTo(StatusResolver.HEARTBEAT_TIMEOUT) < 0)
                .isPresent();
    }

    private Optional<Instant> written(String key) {
        return backup.headBeforeWrite(key).map(ObjectInfo::lastModified);
    }
}
