package dev.registrybackup.ledger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When the registry is known not to have had what the backup has: one object, {@value #KEY}, of lines in key order,
 *
 * <pre>{"key":"docker/registry/v2/…","from":"2026-11-22T10:00:00Z","until":"2026-11-23T10:00:00Z"}</pre>
 *
 * <p>each an interval from when the key was first seen absent to when it was seen again, without {@code until} if it is
 * absent still. A key may have several. Without the object nothing is known to have been absent.
 */
public final class Absences {
    /** Where it lies. */
    public static final String KEY = RegistryLayout.BOOKKEEPING_PREFIX + "absences";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectStore backup;

    /** Those recorded in that bucket. */
    public Absences(ObjectStore backup) {
        this.backup = backup;
    }

    /** One reading of the record, asked for keys in ascending order. For one thread. */
    public static final class Reading implements AutoCloseable {
        private final Optional<OpenObject> opened;
        private final Optional<BufferedReader> lines;
        private @Nullable Interval next;

        private Reading(Optional<OpenObject> opened) {
            this.opened = opened;
            this.lines = opened.map(
                    object -> new BufferedReader(new InputStreamReader(object.stream(), StandardCharsets.UTF_8)));
            this.next = line();
        }

        /**
         * Whether the registry is known to have lacked the key then.
         *
         * @param key no lower than the keys asked for before
         * @throws ObjectStoreException if the record cannot be read, or is none
         */
        public boolean covers(String key, Instant at) {
            boolean covered = false;
            for (Interval line = next; line != null && line.key().compareTo(key) <= 0; line = next) {
                covered |= line.key().equals(key) && line.contains(at);
                next = line();
            }
            return covered;
        }

        private @Nullable Interval line() {
            try {
                String text = lines.isPresent() ? lines.get().readLine() : null;
                return text == null ? null : Interval.parse(text);
            } catch (IOException e) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE, "Failed to read %s to its end: %s".formatted(KEY, e.getMessage()), e);
            }
        }

        @Override
        public void close() {
            opened.ifPresent(OpenObject::close);
        }
    }

    private record Interval(String key, Instant from, Instant until) {
        static Interval parse(String line) throws IOException {
            try {
                JsonNode json = JSON.readTree(line);
                return new Interval(
                        json.path("key").asText(),
                        Instant.parse(json.path("from").asText()),
                        json.has("until") ? Instant.parse(json.path("until").asText()) : Instant.MAX);
            } catch (DateTimeParseException e) {
                throw new IOException("no interval: " + line, e);
            }
        }

        boolean contains(Instant at) {
            return !at.isBefore(from) && at.isBefore(until);
        }
    }

    /**
     * Begins to read them.
     *
     * @throws ObjectStoreException if the record cannot be read
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Reading read() {
        try {
            return new Reading(Optional.of(backup.open(KEY, Optional.empty(), Optional.empty())));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return new Reading(Optional.empty());
            }
            throw e;
        }
    }
}
