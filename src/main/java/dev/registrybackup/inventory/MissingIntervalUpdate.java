package dev.registrybackup.inventory;

import dev.registrybackup.objectstore.FileContent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordObjects;
import dev.registrybackup.objectstore.RewrittenRecord;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Consumer;

/**
 * The record of absences written anew, range by range in key order: what is absent now begins or goes on, what is not ends.
 * Ended ones are kept for {@value #KEPT_DAYS} days, for restores of a time in them. Lines are merged as they are read. For
 * one thread.
 */
public final class MissingIntervalUpdate implements AutoCloseable {
    /** For so many days an ended absence is kept. */
    static final int KEPT_DAYS = 400;

    private final ObjectStore backup;
    private final MissingIntervalReader old;
    private final Instant now;
    private final Path file;
    private final BufferedWriter writer;
    private boolean changed;

    MissingIntervalUpdate(ObjectStore backup, MissingIntervalReader old, Path scratch, Instant now) throws IOException {
        this.backup = backup;
        this.old = old;
        this.now = now;
        this.file = Files.createTempFile(scratch, "absences", ".ndjson");
        this.writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    }

    /**
     * What is known of the next range.
     *
     * @param end the first key after it: all keys of the range, and of the gap before it, are lower
     * @param absent the keys in it that the backup has and the registry lacks
     * @param onNew is told each that was not absent before
     */
    public void known(String end, SortedSet<String> absent, Consumer<String> onNew) {
        for (String key : absent) {
            endOthersBefore(key);
            boolean goesOn = false;
            while (old.peek().filter(line -> line.key().equals(key)).isPresent()) {
                MissingInterval line = old.next();
                goesOn |= line.isOpen();
                keep(line);
            }
            if (!goesOn) {
                changed = true;
                write(new MissingInterval(key, now, Optional.empty()));
                onNew.accept(key);
            }
        }
        endOthersBefore(end);
    }

    /** Of the range up to that key nothing can be said: what was known of it stays. */
    public void unknown(String end) {
        while (old.peek().filter(line -> line.key().compareTo(end) < 0).isPresent()) {
            write(old.next());
        }
    }

    private void endOthersBefore(String key) {
        while (old.peek().filter(line -> line.key().compareTo(key) < 0).isPresent()) {
            MissingInterval line = old.next();
            if (line.isOpen()) {
                changed = true;
                write(line.endedAt(now));
            } else {
                keep(line);
            }
        }
    }

    private void keep(MissingInterval line) {
        boolean isOver = line.until()
                .filter(end -> end.plus(Duration.ofDays(KEPT_DAYS)).isBefore(now))
                .isPresent();
        if (isOver) {
            changed = true;
        } else {
            write(line);
        }
    }

    private void write(MissingInterval line) {
        try {
            writer.write(line.line());
            writer.newLine();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to write %s: %s. Is the disk full?".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Puts the new record in place of the old, if they differ; keys above the last range stay as they were.
     *
     * @throws ObjectStoreException if it could not be written
     */
    public void finish() {
        while (old.hasNext()) {
            write(old.next());
        }
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to write %s: %s. Is the disk full?".formatted(file, e.getMessage()), e);
        }
        if (changed) {
            new RewrittenRecord(new RecordObjects(backup), MissingIntervals.KEY, old.version())
                    .write(new FileContent(file));
        }
    }

    @Override
    public void close() throws IOException {
        old.close();
        writer.close();
        Files.deleteIfExists(file);
    }
}
