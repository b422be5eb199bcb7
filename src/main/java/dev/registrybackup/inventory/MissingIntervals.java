package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.BlockInputStream;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * When the registry is known not to have had what the backup has: one object, {@value #KEY}, of lines in key order,
 *
 * <pre>{"key":"docker/registry/v2/…","from":"2026-11-22T10:00:00Z","until":"2026-11-23T10:00:00Z"}</pre>
 *
 * <p>each an interval from when the key was first seen absent to when it was seen to be absent no more, without {@code
 * until} if it is absent still. A key may have several. Without the object nothing is known to have been absent.
 */
public final class MissingIntervals {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "missing-in-registry";

    private static final int MOST_ATTEMPTS = 10;

    private final ObjectStore backup;

    /** Those recorded in that bucket. */
    public MissingIntervals(ObjectStore backup) {
        this.backup = backup;
    }

    /** One reading of the record, asked for keys in ascending order, at leisure: nothing is open in between. For one thread. */
    public static final class MissingIntervalCursor {
        private final ObjectStore backup;
        private @Nullable MissingIntervalReader begun;

        private MissingIntervalCursor(ObjectStore backup) {
            this.backup = backup;
        }

        /**
         * Since when the registry is known to have lacked the key then, UTC; empty if it is not. What the registry wrote
         * since that time was there again, although no comparison had seen it yet.
         *
         * @param key no lower than the keys asked for before
         * @throws ObjectStoreException if the record cannot be read, or is none
         */
        public Optional<Instant> absentSince(String key, Instant at) {
            for (int attempt = 1; ; attempt++) {
                try {
                    return next(key, at);
                } catch (ObjectStoreException e) {
                    if (e.error() != StoreError.PRECONDITION_FAILED || attempt == MOST_ATTEMPTS) {
                        throw e;
                    }
                    // A reconciliation has written it anew. What it says of lower keys is passed over.
                    begun = null;
                }
            }
        }

        private Optional<Instant> next(String key, Instant at) {
            MissingIntervalReader lines = reader();
            Optional<Instant> since = Optional.empty();
            while (lines.peek().filter(line -> line.key().compareTo(key) <= 0).isPresent()) {
                MissingInterval line = lines.next();
                if (line.key().equals(key) && line.covers(at)) {
                    since = Optional.of(line.from());
                }
            }
            return since;
        }

        @SuppressWarnings("MustBeClosedChecker") // nothing is open between two reads
        private MissingIntervalReader reader() {
            MissingIntervalReader lines = begun;
            if (lines == null) {
                InputStream record = backup.head(KEY)
                        .<InputStream>map(object -> new BlockInputStream(backup, object))
                        .orElseGet(InputStream::nullInputStream);
                lines = new MissingIntervalReader(record, Optional.empty());
                begun = lines;
            }
            return lines;
        }
    }

    /** Begins to read them. */
    public MissingIntervalCursor read() {
        return new MissingIntervalCursor(backup);
    }

    /**
     * All of them in key order, as they are now, for whoever takes long over each.
     *
     * @param scratch a directory on this machine for a copy of the record until this is closed
     * @throws ObjectStoreException if the record cannot be read
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<MissingInterval> list(Path scratch) {
        MissingIntervalReader lines = readCopy(scratch);
        return StreamSupport.stream(() -> Spliterators.spliteratorUnknownSize(lines, 0), 0, false)
                .onClose(lines::close);
    }

    /**
     * Begins to write them anew from what a comparison saw.
     *
     * @param scratch a directory on this machine for the new record until it is whole
     * @param now when the comparison began, UTC
     * @throws ObjectStoreException if the record cannot be read
     * @throws IOException if the directory cannot be written to
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MissingIntervalUpdate update(Path scratch, Instant now) throws IOException {
        return new MissingIntervalUpdate(backup, readCopy(scratch), scratch, now);
    }

    /** From a copy on this machine: a store cuts a connection off that is not read from for long. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private MissingIntervalReader readCopy(Path scratch) {
        try (OpenObject record = backup.open(KEY, Optional.empty(), Optional.empty())) {
            Path file = Files.createTempFile(scratch, "missing-intervals-previous", ".ndjson");
            Files.copy(record.stream(), file, StandardCopyOption.REPLACE_EXISTING);
            return new MissingIntervalReader(
                    Files.newInputStream(file, StandardOpenOption.DELETE_ON_CLOSE),
                    record.info().versionId());
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return new MissingIntervalReader(InputStream.nullInputStream(), Optional.empty());
            }
            throw e;
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to copy %s into %s: %s. Is there room?".formatted(KEY, scratch, e.getMessage()),
                    e);
        }
    }
}
