package dev.registrybackup.inventory;

import dev.registrybackup.inventory.MissingIntervals.MissingIntervalReader;
import dev.registrybackup.objectstore.FileContent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Rewrites the record of missing intervals, range by range in key order: an interval of a missing key starts or
 * continues, any other ends. Keeps ended intervals for {@value #RETENTION_DAYS} days, for restores as of a time in
 * them. Merges lines while reading. For one thread.
 */
public final class MissingIntervalUpdate implements AutoCloseable {
    /** How many days an ended interval is kept. */
    static final int RETENTION_DAYS = 400;

    private final ObjectStore backup;
    private final MissingIntervalReader previous;
    private final Instant now;
    private final Path file;
    private final BufferedWriter writer;
    private boolean changed;

    /** What was added. */
    public enum Added {
        /** A key that was not missing before the comparison began, also if an attempt to finish it has recorded it already. */
        NEW,
        /** A key that was missing before. */
        KNOWN,
        /** Nothing, because it is not missing. */
        NOT_MISSING
    }

    MissingIntervalUpdate(ObjectStore backup, MissingIntervalReader old, Path scratch, Instant now) throws IOException {
        this.backup = backup;
        this.previous = old;
        this.now = now;
        this.file = Files.createTempFile(scratch, "missing-intervals", ".ndjson");
        this.writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    }

    /**
     * Adds the next key of the backup that is missing from the registry.
     *
     * @param isStillMissing asked about a key that is not on record
     */
    public Added add(String key, Predicate<String> isStillMissing) {
        endIntervalsBefore(key);
        boolean goesOn = false;
        boolean isNew = true;
        while (previous.peek().filter(line -> line.key().equals(key)).isPresent()) {
            MissingInterval line = previous.next();
            goesOn |= line.isOpen();
            isNew &= !line.isOpen() || line.from().equals(now);
            writeUnlessExpired(line);
        }
        if (!goesOn) {
            if (!isStillMissing.test(key)) {
                return Added.NOT_MISSING;
            }
            changed = true;
            write(new MissingInterval(key, now, Optional.empty()));
        }
        return isNew ? Added.NEW : Added.KNOWN;
    }

    /** Keeps the previous intervals of the range up to this key, whose state is unknown. */
    public void keepRange(String end) {
        while (previous.peek().filter(line -> line.key().compareTo(end) < 0).isPresent()) {
            write(previous.next());
        }
    }

    /** Ends the intervals of all keys before this one that were not added: they are not missing any more. */
    public void endIntervalsBefore(String key) {
        while (previous.peek().filter(line -> line.key().compareTo(key) < 0).isPresent()) {
            MissingInterval line = previous.next();
            if (line.isOpen()) {
                changed = true;
                write(line.endAt(now));
            } else {
                writeUnlessExpired(line);
            }
        }
    }

    private void writeUnlessExpired(MissingInterval line) {
        boolean isOver = line.until()
                .filter(end -> end.plus(Duration.ofDays(RETENTION_DAYS)).isBefore(now))
                .isPresent();
        if (isOver) {
            changed = true;
        } else {
            write(line);
        }
    }

    private void write(MissingInterval line) {
        try {
            writer.write(line.toJson());
            writer.newLine();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to write %s: %s. Is the disk full?".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Replaces the record if the new one differs; keys above the last range stay as they were.
     *
     * @throws ObjectStoreException if it cannot be written
     */
    public void commit() {
        while (previous.peek().isPresent()) {
            write(previous.next());
        }
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to write %s: %s. Is the disk full?".formatted(file, e.getMessage()), e);
        }
        if (changed) {
            new SingleVersionRecord(new MetadataStore(backup), MissingIntervals.KEY, previous.version())
                    .write(new FileContent(file));
        }
    }

    @Override
    public void close() throws IOException {
        previous.close();
        writer.close();
        Files.deleteIfExists(file);
    }
}
