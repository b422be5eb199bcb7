package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.objectstore.MetadataStore;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Formats numbers, sizes and times for people. */
final class Formats {
    private static final DateTimeFormatter UTC =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final List<String> UNITS = List.of("KiB", "MiB", "GiB", "TiB", "PiB");
    /** A difference between two machines' clocks that is not shown. */
    private static final Duration SKEW = Duration.ofMinutes(1);

    private Formats() {}

    /** A number, with commas between thousands. */
    static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A number of things: {@code 1 image}, {@code 2 images}. */
    static String count(long number, String one) {
        return number(number) + " " + one + (number == 1 ? "" : "s");
    }

    /** A size in bytes: {@code 512 B}, {@code 1.5 MiB}. */
    static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double size = bytes;
        int unit = -1;
        while (size >= 1024 && unit < UNITS.size() - 1) {
            size /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, size < 10 ? "%.1f %s" : "%.0f %s", size, UNITS.get(unit));
    }

    /** How long ago a time was: {@code 3 h ago}. */
    static String ago(Instant then, Instant now) {
        Duration passed = Duration.between(then, now);
        if (passed.isNegative()) {
            return passed.negated().compareTo(SKEW) < 0 ? "just now" : "in " + length(passed.negated());
        }
        return length(passed) + " ago";
    }

    /** A latency in milliseconds: {@code 97 ms}, {@code 1.2 s}. */
    static String latency(long millis) {
        if (millis < 1_000) {
            return millis + " ms";
        }
        return millis < 60_000
                ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0)
                : length(Duration.ofMillis(millis));
    }

    /** A duration in its largest unit: {@code 3 h}. */
    static String length(Duration duration) {
        if (duration.toMinutes() < 1) {
            return duration.toSeconds() + " s";
        } else if (duration.toHours() < 1) {
            return duration.toMinutes() + " min";
        } else if (duration.toHours() < 48) {
            return duration.toHours() + " h";
        }
        return duration.toDays() + " days";
    }

    /** A time for the template {@code moment}: for machines, for people, and how long ago it was. */
    static Map<String, Object> moment(Instant then, Instant now) {
        return Map.of(
                "iso",
                then.truncatedTo(ChronoUnit.SECONDS).toString(),
                "utc",
                UTC.format(then) + " UTC",
                "ago",
                ago(then, now));
    }

    /** As {@link #moment(Instant, Instant)}; an empty string if there is none, which templates treat as false. */
    static Object moment(Optional<Instant> then, Instant now) {
        return then.<Object>map(time -> moment(time, now)).orElse("");
    }

    /** As {@link #moment(Optional, Instant)}, of this field. */
    static Object moment(JsonNode json, String field, Instant now) {
        return moment(MetadataStore.parseTime(json, field), now);
    }

    static String query(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
