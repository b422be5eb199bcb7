package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How many objects became durable within which time. Each bucket's bound is at most a quarter above the one before, so
 * that percentiles are too high by a quarter at most, from 4 ms on. Histograms of several instances can be added up.
 * Not safe for use by many threads.
 */
public final class LatencyHistogram {
    private static final long MAX_MILLIS = Duration.ofDays(1).toMillis();

    /** Counts by their bucket's upper bound in milliseconds. */
    private final TreeMap<Long, Long> counts = new TreeMap<>();

    /** Counts an object; longer than a day counts as about a day. */
    public void record(Duration latency) {
        counts.merge(bound(Math.min(latency.toMillis(), MAX_MILLIS)), 1L, Long::sum);
    }

    private static long bound(long millis) {
        long bound = 1;
        while (bound < millis) {
            bound += Math.max(1, bound / 4);
        }
        return bound;
    }

    /** Adds the counts of the other one. */
    public void add(LatencyHistogram other) {
        other.counts.forEach((bound, count) -> counts.merge(bound, count, Long::sum));
    }

    /** How many objects were counted. */
    public long objects() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * The time within which this share of the objects became durable, from 0 to 1, rounded up to its bucket's bound.
     * Empty without objects.
     */
    public Optional<Duration> percentile(double share) {
        double rank = share * objects();
        long seen = 0;
        for (Map.Entry<Long, Long> bucket : counts.entrySet()) {
            seen += bucket.getValue();
            if (seen >= rank) {
                return Optional.of(Duration.ofMillis(bucket.getKey()));
            }
        }
        return Optional.empty();
    }

    /** The counts by upper bound in milliseconds: {@code {"97":12,"121":3}}. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        counts.forEach((bound, count) -> json.put(Long.toString(bound), count));
        return json;
    }

    /** Reads what {@link #json} wrote; ignores what is not a count of a bucket. */
    static LatencyHistogram parse(JsonNode json) {
        LatencyHistogram histogram = new LatencyHistogram();
        json.properties().forEach(bucket -> {
            if (bucket.getKey().matches("[0-9]{1,9}") && bucket.getValue().asLong() > 0) {
                histogram.counts.merge(
                        Long.parseLong(bucket.getKey()), bucket.getValue().asLong(), Long::sum);
            }
        });
        return histogram;
    }
}
