package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.BlockInputStream;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The record of when keys of the backup were missing from the registry: one object, {@value #KEY}, of lines in key order,
 *
 * <pre>{"key":"docker/registry/v2/…","from":"2026-11-22T10:00:00Z","until":"2026-11-23T10:00:00Z"}</pre>
 *
 * <p>each the interval from when the key was first found missing to when it was found again, without {@code until} if it is still missing. A key may have several. Without the object no key is known to have been missing.
 */
public record MissingIntervals(ObjectStore backup) {
    /** The record's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "missing-in-registry";

    private static final int MAX_ATTEMPTS = 10;

    /** One pass over the record for keys in ascending order; keeps no connection open between calls. For one thread. */
    public static final class MissingIntervalCursor {
        private final ObjectStore backup;
        private @Nullable MissingIntervalReader reader;

        private MissingIntervalCursor(ObjectStore backup) {
            this.backup = backup;
        }

        /**
         * Since when the key was missing from the registry at the time, UTC; empty if it was not known to be. A version
         * that the registry wrote after that was there again, although no comparison had found it yet.
         *
         * @param key not lower than the keys of earlier calls
         * @throws ObjectStoreException if the record cannot be read or is malformed
         */
        public Optional<Instant> absentSince(String key, Instant at) {
            for (int attempt = 1; ; attempt++) {
                try {
                    return next(key, at);
                } catch (ObjectStoreException e) {
                    if (e.error() != StoreError.PRECONDITION_FAILED || attempt == MAX_ATTEMPTS) {
                        throw e;
                    }
                    // A reconciliation rewrote the record: skip its lower keys.
                    reader = null;
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
            MissingIntervalReader lines = reader;
            if (lines == null) {
                InputStream record = backup.head(KEY)
                        .<InputStream>map(object -> new BlockInputStream(backup, object))
                        .orElseGet(InputStream::nullInputStream);
                lines = new MissingIntervalReader(record, Optional.empty());
                reader = lines;
            }
            return lines;
        }
    }

    /** Starts a pass over the record. */
    public MissingIntervalCursor read() {
        return new MissingIntervalCursor(backup);
    }

    /**
     * All intervals in key order as of now, for a caller that takes long for each.
     *
     * @param scratch a directory on this machine for a copy of the record until this is closed
     * @throws ObjectStoreException if the record cannot be read
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<MissingInterval> list(Path scratch) {
        MissingIntervalReader lines = readCopy(scratch);
        return Stream.generate(lines::peek)
                .takeWhile(Optional::isPresent)
                .map(any -> lines.next())
                .onClose(lines::close);
    }

    /**
     * Starts to rewrite the record from a comparison.
     *
     * @param scratch a directory on this machine for the new record until it is complete
     * @param now when the comparison began, UTC
     * @throws ObjectStoreException if the record cannot be read
     * @throws IOException if the directory cannot be written to
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public MissingIntervalUpdate update(Path scratch, Instant now) throws IOException {
        return new MissingIntervalUpdate(backup, readCopy(scratch), scratch, now);
    }

    /** Reads a copy on this machine, because a store closes a connection that is idle for long. */
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

    /** Reads the record of missing intervals line by line. For one thread. */
    static final class MissingIntervalReader implements AutoCloseable {
        private final BufferedReader reader;
        private final Optional<String> version;
        private Optional<MissingInterval> next;

        /**
         * Reads this stream, and closes it at the end.
         *
         * @param version the version of the record, if the bucket keeps versions
         */
        @MustBeClosed
        MissingIntervalReader(InputStream stream, Optional<String> version) {
            this.reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
            this.version = version;
            this.next = parseNext();
        }

        private Optional<MissingInterval> parseNext() {
            try {
                String text = reader.readLine();
                return text == null ? Optional.empty() : Optional.of(MissingInterval.parse(text));
            } catch (IOException e) {
                close();
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to read %s to its end: %s".formatted(MissingIntervals.KEY, e.getMessage()),
                        e);
            }
        }

        /** The version of the record, if the bucket keeps versions. */
        Optional<String> version() {
            return version;
        }

        /** The next interval, without advancing. */
        Optional<MissingInterval> peek() {
            return next;
        }

        /** The next interval; advances. */
        MissingInterval next() {
            MissingInterval line = next.orElseThrow();
            next = parseNext();
            return line;
        }

        @Override
        public void close() {
            try {
                reader.close();
            } catch (IOException e) {
                throw new UncheckedIOException("Failed to close the stream of " + MissingIntervals.KEY, e);
            }
        }
    }
}
