package dev.registrybackup.operation;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Deletes operations and their reports, with all versions of their objects. Deletes the request first: an operation
 * without a request does not exist, so none is listed with half its records. After a crash the next run finds the
 * remaining objects by key.
 */
final class OperationGc {
    private static final System.Logger LOGGER = System.getLogger(OperationGc.class.getName());
    /** An operation with a write in this time is still in use, however old it is. */
    private static final Duration MIN_IDLE_AGE = Duration.ofDays(1);

    private final ObjectStore backup;
    private final MetadataStore records;
    private final Clock clock;

    OperationGc(ObjectStore backup, Clock clock) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /** Deletes operations requested before the retention, and all reports of that age; returns how many operations. */
    int delete() {
        int dropped = dropBelow(OperationStore.PREFIX);
        dropBelow(ReportWriter.PREFIX);
        return dropped;
    }

    private int dropBelow(String prefix) {
        Instant oldest = clock.instant().minus(OperationService.RETENTION);
        int dropped = 0;
        try (Stream<ObjectVersion> listing = backup.listVersions(prefix)) {
            Iterator<ObjectVersion> versions = listing.takeWhile(version -> !isYounger(version, oldest))
                    .filter(version -> OperationStore.operationId(version.key()).isPresent())
                    .iterator();
            List<ObjectVersion> folder = new ArrayList<>();
            while (versions.hasNext()) {
                ObjectVersion version = versions.next();
                if (!folder.isEmpty() && !operationId(folder.get(0)).equals(operationId(version))) {
                    dropped += delete(folder);
                    folder.clear();
                }
                folder.add(version);
            }
            dropped += delete(folder);
        }
        return dropped;
    }

    /** Deletes this operation. */
    void delete(OperationId id) {
        try (Stream<ObjectVersion> listing = backup.listVersions(OperationStore.key(id, ""))) {
            deleteVersions(listing.toList());
        }
    }

    /** Keys sort by time: after the first younger operation none is old. */
    private static boolean isYounger(ObjectVersion version, Instant oldest) {
        return operationId(version)
                .filter(id -> !id.requestedAt().isBefore(oldest))
                .isPresent();
    }

    private static Optional<OperationId> operationId(ObjectVersion version) {
        return OperationStore.operationId(version.key());
    }

    /** An object that cannot be deleted, for example under Object Lock, does not stop the others. */
    private int delete(List<ObjectVersion> folder) {
        Instant inUse = clock.instant().minus(MIN_IDLE_AGE);
        if (folder.isEmpty()
                || folder.stream().anyMatch(version -> version.lastModified().isAfter(inUse))) {
            return 0;
        }
        try {
            deleteVersions(folder);
            return 1;
        } catch (ObjectStoreException e) {
            LogEvent.of("operation-not-deleted")
                    .with("record", folder.get(0).key())
                    .with("next", "the next run tries again")
                    .with("reason", e.getMessage())
                    .log(LOGGER, Level.WARNING);
            return 0;
        }
    }

    private void deleteVersions(List<ObjectVersion> folder) {
        List<ObjectVersion> requestFirst = new ArrayList<>();
        folder.stream().filter(OperationGc::isRequest).forEach(requestFirst::add);
        folder.stream().filter(version -> !isRequest(version)).forEach(requestFirst::add);
        records.delete(requestFirst);
    }

    private static boolean isRequest(ObjectVersion version) {
        return version.key().endsWith("/" + OperationStore.REQUEST);
    }
}
