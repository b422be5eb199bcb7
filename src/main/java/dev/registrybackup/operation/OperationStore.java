package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.SingleVersionRecord;
import dev.registrybackup.registry.RegistryLayout;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The records of operations, each object with one writer:
 *
 * <pre>
 * registry-backup/operations/&lt;id&gt;/
 *   attempt-&lt;n&gt;   by the process that makes the attempt, again and again
 *   cancel        once, by whoever is first to want it
 *   request       once, by whoever took the request
 * </pre>
 *
 * <p>An operation without a request is none: its folder is being made or dropped.
 */
final class OperationStore {
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "operations/";
    static final String REQUEST = "request";
    static final String CANCEL = "cancel";
    static final String ATTEMPT_PREFIX = "attempt-";

    private static final System.Logger LOGGER = System.getLogger(OperationStore.class.getName());

    private final ObjectStore backup;
    private final MetadataStore records;

    /** Reads a record's text; fails if it is none of its kind. */
    @FunctionalInterface
    private interface RecordParser<T> {
        T parse(String json) throws IOException;
    }

    OperationStore(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    /** What there is of the operation; empty if there is no such operation. */
    Optional<OperationListing> find(OperationId id) {
        return listNewest(PREFIX + id + "/", 1).stream().findFirst();
    }

    /** What there is of the newest operations, so many at the most, the newest first. */
    List<OperationListing> listNewest(int most) {
        return listNewest(PREFIX, most);
    }

    private List<OperationListing> listNewest(String prefix, int most) {
        OperationListing.NewestOperations newestOperations = new OperationListing.NewestOperations(most);
        try (Stream<ObjectInfo> listing = backup.list(prefix)) {
            listing.forEach(object -> newestOperations.add(object.key()));
        }
        return newestOperations.newestFirst();
    }

    /**
     * Writes the request, unless there is one of its id.
     *
     * @return whether it is this one that is there
     */
    boolean create(OperationRequest request) {
        return createIdempotently(key(request.id(), REQUEST), request.json().toString());
    }

    /** The answer to a conditional write may be lost, and the write sent again find its own: so what is there is read. */
    private boolean createIdempotently(String key, String json) {
        return records.putIfAbsent(key, json)
                || records.get(key).map(StoredRecord::json).filter(json::equals).isPresent();
    }

    Optional<OperationRequest> readRequest(OperationId id) {
        return read(key(id, REQUEST), json -> OperationRequest.parse(id, json));
    }

    Optional<AttemptRecord> readAttempt(OperationId id, int number) {
        return read(key(id, ATTEMPT_PREFIX + number), json -> AttemptRecord.parse(number, json));
    }

    /**
     * Writes the first record of an attempt, unless there is one of its number.
     *
     * @return where its attempt goes on writing; empty if another process has that number
     */
    Optional<SingleVersionRecord> createAttempt(OperationId id, AttemptRecord attempt) {
        String key = key(id, ATTEMPT_PREFIX + attempt.number());
        String json = attempt.json().toString();
        records.putIfAbsent(key, json);
        // Read in any case: a store that does not heed the condition lets the last one win, and versions are told here.
        return records.get(key)
                .filter(storedRecord -> storedRecord.json().equals(json))
                .map(storedRecord -> new SingleVersionRecord(records, key, storedRecord.version()));
    }

    /** Marks the operation as cancelled, unless it is already. */
    void markCancelled(OperationId id, String by, Instant at) {
        records.putIfAbsent(
                key(id, CANCEL),
                JsonNodeFactory.instance
                        .objectNode()
                        .put("by", by)
                        .put("at", at.toString())
                        .toString());
    }

    /** Who cancelled it and when, for a human. */
    String cancellationReason(OperationId id) {
        return read(key(id, CANCEL), JsonReader::parse)
                .flatMap(fields -> fields.optionalText("by")
                        .flatMap(by -> fields.optionalText("at").map(at -> "Cancelled by %s at %s".formatted(by, at))))
                .orElse("Cancelled");
    }

    String bucket() {
        return backup.bucket();
    }

    static String key(OperationId id, String name) {
        return PREFIX + id + "/" + name;
    }

    /** What is no record is left in place and hinders nothing. */
    private <T> Optional<T> read(String key, RecordParser<T> recordParser) {
        Optional<StoredRecord> stored = records.get(key);
        try {
            return stored.isEmpty()
                    ? Optional.empty()
                    : Optional.of(recordParser.parse(stored.get().json()));
        } catch (IOException e) {
            LogEvent.of("operation-record-unreadable")
                    .with("record", key)
                    .with("reason", e.getMessage())
                    .with("remedy", "look at it and remove it by hand")
                    .log(LOGGER, Level.ERROR);
            return Optional.empty();
        }
    }
}
