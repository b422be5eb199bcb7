package dev.registrybackup.operation;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.regex.Pattern;

/**
 * An operation's id: the time of the request and eight random hexadecimal digits, {@code 20261122T134500Z-1f3a9c2e}.
 * Sorts by time; valid in object keys and Kubernetes labels.
 */
public record OperationId(String value) {
    private static final Pattern PATTERN = Pattern.compile("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}");
    private static final DateTimeFormatter TIME_FORMAT = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmssX")
            .withZone(ZoneOffset.UTC)
            .withResolverStyle(ResolverStyle.STRICT);
    private static final int MAX_SHOWN_LENGTH = 64;

    /**
     * Checks the form of an id.
     *
     * @throws IllegalArgumentException if it does not have this form
     */
    public OperationId {
        if (!isValid(value)) {
            throw new IllegalArgumentException("Not an operation id: \"%s\". An id has the form %s"
                    .formatted(
                            value.substring(0, Math.min(value.length(), MAX_SHOWN_LENGTH)),
                            "20261122T134500Z-1f3a9c2e"));
        }
    }

    /** The id of an operation requested at this time, with these eight random hexadecimal digits. */
    static OperationId of(Instant requestedAt, String random) {
        return new OperationId(TIME_FORMAT.format(requestedAt) + "-" + random);
    }

    static boolean isValid(String value) {
        return PATTERN.matcher(value).matches() && isTime(value);
    }

    private static boolean isTime(String value) {
        try {
            return parseTime(value).isAfter(Instant.EPOCH);
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static Instant parseTime(String value) {
        return TIME_FORMAT.parse(value.substring(0, value.indexOf('-')), Instant::from);
    }

    /** When it was requested, UTC, to the second. */
    public Instant requestedAt() {
        return parseTime(value);
    }

    @Override
    public String toString() {
        return value;
    }
}
