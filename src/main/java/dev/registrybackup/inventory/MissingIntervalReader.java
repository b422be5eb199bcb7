package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lines of the record of absences, read one by one. For one thread. */
final class MissingIntervalReader implements Iterator<MissingInterval>, AutoCloseable {
    private final BufferedReader reader;
    private final AutoCloseable source;
    private final Optional<String> version;
    private @Nullable MissingInterval next;

    private MissingIntervalReader(InputStream stream, AutoCloseable source, Optional<String> version) {
        this.reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
        this.source = source;
        this.version = version;
        this.next = parseNext();
    }

    /** The lines of that record, of which nothing has to be closed. */
    static MissingIntervalReader of(InputStream record) {
        return new MissingIntervalReader(record, record, Optional.empty());
    }

    /**
     * The lines of that object from a copy on this machine: a store cuts a connection off that is not read from for long.
     * Closes the object.
     *
     * @throws IOException if the directory cannot be written to
     */
    @MustBeClosed
    static MissingIntervalReader ofCopy(OpenObject object, Path scratch) throws IOException {
        Path file = Files.createTempFile(scratch, "missing-intervals-previous", ".ndjson");
        try (object) {
            Files.copy(object.stream(), file, StandardCopyOption.REPLACE_EXISTING);
        }
        InputStream copy = Files.newInputStream(file, StandardOpenOption.DELETE_ON_CLOSE);
        return new MissingIntervalReader(copy, copy, object.info().versionId());
    }

    /** No lines. */
    @MustBeClosed
    static MissingIntervalReader empty() {
        return new MissingIntervalReader(InputStream.nullInputStream(), () -> {}, Optional.empty());
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

    /** The version of the object they are in, where the bucket keeps versions. */
    Optional<String> version() {
        return version;
    }

    /** The line that comes next, which stays. */
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
            throw new NoSuchElementException("All absences are read");
        }
        next = parseNext();
        return line;
    }

    @Override
    public void close() {
        try {
            source.close();
        } catch (Exception e) {
            throw new IllegalStateException("Failed to close what was read of " + MissingIntervals.KEY, e);
        }
    }
}
