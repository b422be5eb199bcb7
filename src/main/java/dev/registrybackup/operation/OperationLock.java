package dev.registrybackup.operation;

import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * One operation of a kind at a time on a slot, whoever runs it: a Job, the service's own process, or a command. An object in
 * the backup bucket names the operation, and the run that works on it. It stays after the end, and means nothing once its
 * operation has ended or has shown no life for two minutes by the store's clock. Who loses it stops at the next heartbeat.
 */
final class OperationLock {
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "locks/";

    private final ObjectStore backup;
    private final MetadataStore records;
    private final OperationStore store;

    OperationLock(ObjectStore backup, OperationStore store) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.store = store;
    }

    /**
     * Takes the lock. A run takes it from its own operation at once, be that waiting or run by another process.
     *
     * @param token of the run; empty for an operation that is about to be started
     * @param written the key of a record of the operation that was written just now, which tells the store's time
     * @param isStarted whether an operation without a sign of life is about to run nevertheless, such as a Job without a pod
     * @throws ConflictException if another operation has the lock, or took it at this moment
     */
    void acquire(OperationRequest request, String token, String written, Predicate<OperationRequest> isStarted) {
        String key = key(request);
        String json = json(request, token);
        Optional<StoredRecord> before = records.get(key);
        Optional<OperationId> holder = before.flatMap(OperationLock::operation);
        if (before.isPresent() && holder.equals(Optional.of(request.id()))) {
            new SingleVersionRecord(records, key, before.get().version()).write(json);
            return;
        }
        holder.filter(other -> isActive(other, written, isStarted)).ifPresent(other -> {
            throw new ConflictException(other, request);
        });
        try {
            // Only what was read goes: one that another process wrote since stays, where the bucket keeps versions.
            before.ifPresent(storedRecord -> records.delete(key, storedRecord.version()));
            records.putIfAbsent(key, json);
        } catch (ObjectStoreException e) {
            if (e.error() != StoreError.FORBIDDEN) {
                throw e;
            }
            // A bucket under Object Lock lets no version go. Of two that write over it, the first stops at its
            // heartbeat.
            records.put(key, json);
        }
        // Read in any case: the answer may be lost, or the store not heed the condition.
        if (!isHeldBy(request, token)) {
            throw new ConflictException(holder(request).orElse(request.id()), request);
        }
    }

    /** Whether that run of the operation has the lock. */
    boolean isHeldBy(OperationRequest request, String token) {
        return records.get(key(request))
                .filter(storedRecord -> storedRecord.json().equals(json(request, token)))
                .isPresent();
    }

    /** Whether the operation has the lock, by whichever run. */
    boolean isHeldByOperation(OperationRequest request) {
        return holder(request).equals(Optional.of(request.id()));
    }

    private Optional<OperationId> holder(OperationRequest request) {
        return records.get(key(request)).flatMap(OperationLock::operation);
    }

    private boolean isActive(OperationId other, String written, Predicate<OperationRequest> isStarted) {
        Optional<OperationStore.Listing> listing = store.find(other);
        if (listing.isEmpty()) {
            return false;
        }
        boolean hasRun = listing.get().hasRun();
        boolean isOver = hasRun
                ? store.readRun(other).filter(run -> run.state().isFinished()).isPresent()
                : listing.get().isCancelled();
        if (isOver) {
            return false;
        }
        String lastSign = OperationStore.key(other, hasRun ? OperationStore.RUN : OperationStore.REQUEST);
        boolean isSilent = lastModified(lastSign)
                .flatMap(last -> lastModified(written).map(now -> Duration.between(last, now)))
                .filter(silence -> silence.compareTo(StatusResolver.HEARTBEAT_TIMEOUT) < 0)
                .isEmpty();
        return !isSilent || store.readRequest(other).filter(isStarted).isPresent();
    }

    private Optional<Instant> lastModified(String key) {
        return backup.headBeforeWrite(key).map(ObjectInfo::lastModified);
    }

    static String key(OperationRequest request) {
        return PREFIX + request.kind().label() + "/" + URLEncoder.encode(request.slot(), StandardCharsets.UTF_8);
    }

    private static String json(OperationRequest request, String token) {
        return "{\"operation\":\"%s\",\"run\":\"%s\"}".formatted(request.id(), token);
    }

    /** What is not a lock's content locks nothing. */
    private static Optional<OperationId> operation(StoredRecord storedRecord) {
        try {
            return JsonReader.parse(storedRecord.json())
                    .optionalText("operation")
                    .filter(OperationId::isValid)
                    .map(OperationId::new);
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
