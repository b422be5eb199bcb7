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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The records of operations:
 *
 * <pre>
 * registry-backup/operations/&lt;id&gt;/
 *   cancel    once, by the first caller that cancels it
 *   request   once, by the process that accepted it
 *   run       with each heartbeat, by the process that runs it; of a divided operation once, by the index that merges
 *   run-&lt;index&gt;  with each heartbeat, by each index of a divided operation
 * </pre>
 *
 * <p>An operation without a request does not exist: its records are being created or deleted.
 */
final class OperationStore {
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "operations/";
    static final String REQUEST = "request";
    static final String CANCEL = "cancel";
    static final String RUN = "run";

    private static final System.Logger LOGGER = System.getLogger(OperationStore.class.getName());
    private static final Pattern KEY_PATTERN = Pattern.compile(
            "(?:%s|%s)([^/]+)/([^/]+)".formatted(Pattern.quote(PREFIX), Pattern.quote(ReportWriter.PREFIX)));

    private final ObjectStore backup;
    private final MetadataStore records;

    /**
     * What a listing shows of an operation.
     *
     * @param runs the names of the records of the processes that have run it
     * @param isCancelled whether it was cancelled
     */
    record Listing(OperationId id, boolean hasRequest, List<String> runs, boolean isCancelled) {
        Listing with(String name) {
            boolean isRun = name.equals(RUN) || name.startsWith(RUN + "-");
            return new Listing(
                    id,
                    hasRequest || name.equals(REQUEST),
                    isRun ? Stream.concat(runs.stream(), Stream.of(name)).toList() : runs,
                    isCancelled || name.equals(CANCEL));
        }

        /** Whether a process has run it. */
        boolean hasRun() {
            return !runs.isEmpty();
        }
    }

    /** Parses a record; throws {@link IOException} if it is malformed. */
    @FunctionalInterface
    private interface RecordParser<T> {
        T parse(String json) throws IOException;
    }

    OperationStore(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    /** Lists the records of the operation; empty if there is no such operation. */
    Optional<Listing> find(OperationId id) {
        return list(PREFIX + id + "/", 1).stream().findFirst();
    }

    /** Lists at most this many operations, newest first. */
    List<Listing> listNewest(int limit) {
        return list(PREFIX, limit);
    }

    /** Keeps at most the requested number: ids and therefore keys are in order of time. */
    private List<Listing> list(String prefix, int limit) {
        Deque<Listing> newest = new ArrayDeque<>();
        try (Stream<ObjectInfo> listing = backup.list(prefix)) {
            listing.forEach(object -> operationId(object.key()).ifPresent(id -> {
                boolean isSame = !newest.isEmpty() && newest.getFirst().id().equals(id);
                Listing known = isSame ? newest.removeFirst() : new Listing(id, false, List.of(), false);
                if (!isSame && !newest.isEmpty() && !newest.getFirst().hasRequest()) {
                    newest.removeFirst();
                }
                newest.addFirst(known.with(object.key().substring(object.key().lastIndexOf('/') + 1)));
                if (newest.size() > limit + 1) {
                    newest.removeLast();
                }
            }));
        }
        return newest.stream().filter(Listing::hasRequest).limit(limit).toList();
    }

    /** The operation whose record or report the object is; empty if there is none. */
    static Optional<OperationId> operationId(String key) {
        Matcher object = KEY_PATTERN.matcher(key);
        return object.matches() && OperationId.isValid(object.group(1))
                ? Optional.of(new OperationId(object.group(1)))
                : Optional.empty();
    }

    /**
     * Writes the request, unless its id is taken. The response to a conditional write may be lost and a retry may find
     * its own object, so it reads the object back.
     *
     * @return whether this request is stored
     */
    boolean create(OperationRequest request) {
        String key = key(request.id(), REQUEST);
        String json = request.json().toString();
        return records.putIfAbsent(key, json)
                || records.get(key).map(StoredRecord::json).filter(json::equals).isPresent();
    }

    Optional<OperationRequest> readRequest(OperationId id) {
        return read(key(id, REQUEST), json -> OperationRequest.parse(id, json));
    }

    /** The run of the whole operation. */
    Optional<RunRecord> readRun(OperationId id) {
        return read(key(id, RUN), RunRecord::parse);
    }

    /** The run of an index. */
    Optional<RunRecord> readRun(OperationId id, CompletionIndex index) {
        return read(key(id, runName(index)), RunRecord::parse);
    }

    /** The run of the whole operation, or while its indexes run, their runs added up. */
    Optional<RunRecord> readRun(Listing listing) {
        return listing.runs().contains(RUN)
                ? readRun(listing.id())
                : RunRecord.ofIndexes(listing.runs().stream()
                        .flatMap(name -> read(key(listing.id(), name), RunRecord::parse).stream())
                        .toList());
    }

    /** The name of the run record of this index. */
    static String runName(CompletionIndex index) {
        return index.isOnly() ? RUN : RUN + "-" + index.number();
    }

    /** A run record, in which a process replaces the run before it. */
    SingleVersionRecord runWriter(OperationId id, String name) {
        String key = key(id, name);
        return new SingleVersionRecord(records, key, records.get(key).flatMap(StoredRecord::version));
    }

    /** Marks the operation as cancelled, unless it already is. */
    void markCancelled(OperationId id, String by, Instant at) {
        records.putIfAbsent(
                key(id, CANCEL),
                JsonNodeFactory.instance
                        .objectNode()
                        .put("by", by)
                        .put("at", at.toString())
                        .toString());
    }

    /** Who cancelled it and when, for people. */
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

    /** Empty if the object is not a valid record, which stays in place and blocks nothing. */
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
                    .with("remedy", "inspect it and delete it by hand")
                    .log(LOGGER, Level.ERROR);
            return Optional.empty();
        }
    }
}
