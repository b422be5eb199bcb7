package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The objects that a run of {@code rclone ls} or {@code rclone md5sum} lists, in the order of their keys. They are reliable
 * only once all were read and there is no problem. For one thread.
 */
final class ObjectListing {
    // A byte of a key may be a line break in Latin-1.
    private static final Pattern SIZES_LINE = Pattern.compile(" *(\\d+) (.+)", Pattern.DOTALL);
    // An upload in parts has no MD5, and rclone prints spaces or a word instead.
    private static final Pattern HASHES_LINE = Pattern.compile("([0-9a-f ]{32}| *[A-Z]+)  (.+)", Pattern.DOTALL);
    private static final Pattern COMPARABLE = Pattern.compile("\\d+|[0-9a-f]{32}");

    private final RunningRclone rclone;
    private final Pattern line;
    /** The objects by key, if rclone does not list them in this order; otherwise they are read as they come. */
    private final Optional<NavigableMap<String, ListedObject>> sorted;

    private Optional<String> problem = Optional.empty();
    private String previous = "";

    /**
     * A listed object.
     *
     * @param bytes the bytes of the key below the listed path, a Latin-1 character for each, which sort as a store sorts
     *     keys
     * @param state its size, or its MD5: equal if the object is
     */
    record ListedObject(String bytes, String state) implements Comparable<ListedObject> {
        /** The key below the listed path. */
        String name() {
            return new String(bytes.getBytes(ISO_8859_1), UTF_8);
        }

        /** Whether its state shows whether another object is equal. */
        boolean isComparable() {
            return COMPARABLE.matcher(state).matches();
        }

        /** Compares the keys alone. */
        @Override
        public int compareTo(ListedObject other) {
            return bytes.compareTo(other.bytes);
        }
    }

    /**
     * Reads what this process lists.
     *
     * @param compareBy what it was asked for, by {@link #command}
     * @param isSorted whether it lists in the order of keys; otherwise all of it is kept in memory
     */
    ObjectListing(RunningRclone rclone, CompareBy compareBy, boolean isSorted)
            throws IOException, InterruptedException {
        this.rclone = rclone;
        this.line = compareBy == CompareBy.SIZE ? SIZES_LINE : HASHES_LINE;
        this.sorted = isSorted ? Optional.empty() : Optional.of(new TreeMap<>());
        if (sorted.isPresent()) {
            for (Optional<ListedObject> next = read(); next.isPresent(); next = read()) {
                sorted.get().put(next.get().bytes(), next.get());
            }
        }
    }

    /**
     * The command that lists what is compared. Neither keeps what it has listed: {@code lsf} keeps each directory, and each
     * object of a registry has one.
     */
    static String command(CompareBy compareBy) {
        return compareBy == CompareBy.SIZE ? "ls" : "md5sum";
    }

    /** The next object, in the order of keys; empty after the last one, or if there is a problem. */
    Optional<ListedObject> next() throws IOException, InterruptedException {
        if (sorted.isPresent()) {
            return problem.isPresent()
                    ? Optional.empty()
                    : Optional.ofNullable(sorted.get().pollFirstEntry()).map(Map.Entry::getValue);
        }
        Optional<ListedObject> next = read();
        if (next.isPresent() && next.get().bytes().compareTo(previous) <= 0) {
            problem = Optional.of("rclone did not list in the order of keys: %s"
                    .formatted(next.get().name()));
            return Optional.empty();
        }
        next.ifPresent(object -> previous = object.bytes());
        return next;
    }

    private Optional<ListedObject> read() throws IOException, InterruptedException {
        Optional<String> printed = rclone.readLine(ISO_8859_1);
        if (printed.isEmpty()) {
            problem = rclone.awaitEnd().problem();
            return Optional.empty();
        }
        Matcher fields = line.matcher(printed.get());
        if (!fields.matches()) {
            problem = Optional.of("rclone printed a line that is not part of its listing: " + printed.get());
            return Optional.empty();
        }
        return Optional.of(new ListedObject(fields.group(2), fields.group(1)));
    }

    /** Why what was listed is not reliable. */
    Optional<String> problem() {
        return problem;
    }
}
