package dev.registrybackup.ledger;

import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lines of the record of absences, read one by one. For one thread. */
final class AbsenceLines implements Iterator<Absence>, AutoCloseable {
    private final Optional<OpenObject> opened;
    private final Optional<BufferedReader> lines;
    private @Nullable Absence next;

    /** The lines of that object; none without one. */
    AbsenceLines(Optional<OpenObject> opened) {
        this.opened = opened;
        this.lines = opened.map(
                object -> new BufferedReader(new InputStreamReader(object.stream(), StandardCharsets.UTF_8)));
        this.next = line();
    }

    private @Nullable Absence line() {
        try {
            String text = lines.isPresent() ? lines.get().readLine() : null;
            return text == null ? null : Absence.parse(text);
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %s".formatted(Absences.KEY, e.getMessage()),
                    e);
        }
    }

    /** The line that comes next, which stays. */
    Optional<Absence> peek() {
        return Optional.ofNullable(next);
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public Absence next() {
        Absence line = next;
        if (line == null) {
            throw new NoSuchElementException("All absences are read");
        }
        next = line();
        return line;
    }

    @Override
    public void close() {
        opened.ifPresent(OpenObject::close);
    }
}
