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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Allows one operation of a kind at a time on a slot, whether a Job, the service or a command runs it. An object in the
 * backup bucket names the operation and its run. It stays after the end, and is void once its operation has finished or
 * has sent no heartbeat for two minutes by the store's clock. A run that loses the lock stops at the next heartbeat.
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
     * Takes the lock. A run takes it from its own operation at once, even while another process runs that.
     *
     * @param token the run's token; empty for an operation that is about to start
     * @param written the key of a record written just now, whose time is the store's time
     * @param isStarted whether an operation without a heartbeat is about to run, such as a Job without a pod
     * @throws ConflictException if another operation has the lock, or took it at this moment
     */
    void acquire(OperationRequest request, String token, String written, Predicate<OperationRequest> isStarted) {
        String key = key(request);
        String json = json(request, token);
        Optional<StoredRecord> before = records.get(key);
        Optional<OperationId> holder = before.flatMap(OperationLock::operation);
        if (before.map(StoredRecord::json).equals(Optional.of(json))) {
            return;
        }
        if (before.isPresent() && holder.equals(Optional.of(request.id()))) {
            new SingleVersionRecord(records, key, before.get().version()).write(json);
            return;
        }
        holder.filter(other -> isActive(other, written, isStarted)).ifPresent(other -> {
            throw new ConflictException(other, request);
        });
        try {
            // Deletes only the version that was read, so that a lock written since stays where the bucket keeps
            // versions.
            before.ifPresent(storedRecord -> records.delete(key, storedRecord.version()));
            records.putIfAbsent(key, json);
        } catch (ObjectStoreException e) {
            if (e.error() != StoreError.FORBIDDEN) {
                throw e;
            }
            // Under Object Lock no version can be deleted. Of two processes that overwrite it, the first stops at its
            // heartbeat.
            records.put(key, json);
        }
        // Read in any case: the response may be lost, or the store may ignore the condition.
        if (!isHeldBy(request, token)) {
            throw new ConflictException(holder(request).orElse(request.id()), request);
        }
    }

    /** Whether this run of the operation has the lock. */
    boolean isHeldBy(OperationRequest request, String token) {
        return records.get(key(request))
                .filter(storedRecord -> storedRecord.json().equals(json(request, token)))
                .isPresent();
    }

    /** Whether any run of the operation has the lock. */
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
        boolean isOver = listing.get().hasRun()
                ? store.readRun(listing.get())
                        .filter(run -> run.state().isFinished())
                        .isPresent()
                : listing.get().isCancelled();
        if (isOver) {
            return false;
        }
        List<String> signs = listing.get().hasRun() ? listing.get().runs() : List.of(OperationStore.REQUEST);
        boolean isSilent = signs.stream()
                .flatMap(sign -> lastModified(OperationStore.key(other, sign)).stream())
                .max(Comparator.naturalOrder())
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

    /** Empty if the content is not a lock's: it locks nothing. */
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
