package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the record of missing intervals line by line. For one thread. */
final class MissingIntervalReader implements Iterator<MissingInterval>, AutoCloseable {
    private final BufferedReader reader;
    private final Optional<String> version;
    private @Nullable MissingInterval next;

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

    private @Nullable MissingInterval parseNext() {
        try {
            String text = reader.readLine();
            return text == null ? null : MissingInterval.parse(text);
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
        return Optional.ofNullable(next);
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public MissingInterval next() {
        MissingInterval line = next;
        if (line == null) {
            throw new NoSuchElementException("There are no more intervals");
        }
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
