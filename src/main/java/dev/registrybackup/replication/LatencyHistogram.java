package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A histogram of replication latencies in milliseconds. Each bucket's upper bound is at most 25 % above the one before,
 * so percentiles from 4 ms on are at most 25 % too high. Histograms of several instances can be added. Not safe for use
 * by many threads.
 */
public final class LatencyHistogram {
    private static final long MAX_MILLIS = Duration.ofDays(1).toMillis();

    /** Counts by their bucket's upper bound in milliseconds. */
    private final TreeMap<Long, Long> counts = new TreeMap<>();

    /** Counts one object. A latency above one day counts as one day. */
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

    /** Adds the counts of the other histogram. */
    public void add(LatencyHistogram other) {
        other.counts.forEach((bound, count) -> counts.merge(bound, count, Long::sum));
    }

    /** The number of objects counted. */
    public long objects() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * The latency at this percentile, rounded up to the upper bound of its bucket.
     *
     * @param share the percentile as a fraction from 0 to 1
     * @return empty if no objects were counted
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

    /** Parses the output of {@link #json}. Ignores fields that are not the count of a bucket. */
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
