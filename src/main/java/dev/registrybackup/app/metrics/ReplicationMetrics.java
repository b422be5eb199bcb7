package dev.registrybackup.app.metrics;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.LatencyRecorder;
import dev.registrybackup.replication.ReplicationListener;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.ReplicationStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Logs one line for each key that changed something, and counts all keys. */
@ApplicationScoped
public class ReplicationMetrics implements ReplicationListener {
    private static final Logger LOGGER = System.getLogger("dev.registrybackup.events");
    private static final Duration[] DURABLE_WITHIN = {
        Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofMillis(500),
        Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofSeconds(5), Duration.ofSeconds(10),
        Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(15),
        Duration.ofHours(1)
    };

    /** The counters without labels. */
    private enum Count {
        CORRUPT("registry_backup_corrupt", "Blobs in the registry that do not match their digest"),
        UNKNOWN_OBJECT("registry_backup_unknown_objects", "Events about objects outside the registry's layout"),
        FAILURE("registry_backup_failures", "Copies and records that failed and may succeed later"),
        UNDECODABLE("registry_backup_undecodable", "Events that could not be decoded"),
        REJECTION("registry_backup_rejected", "Records written of rejected keys and events"),
        OTHER_BUCKET("registry_backup_other_bucket", "Events about another bucket than the registry's");

        private final String metric;
        private final String description;

        Count(String metric, String description) {
            this.metric = metric;
            this.description = description;
        }
    }

    private final MeterRegistry meters;
    private final LatencyRecorder latencyRecorder;
    private final Clock clock;

    public ReplicationMetrics(MeterRegistry meters, LatencyRecorder latencyRecorder, Clock clock) {
        this.meters = meters;
        this.latencyRecorder = latencyRecorder;
        this.clock = clock;
    }

    @Override
    public void finished(Trigger trigger, String key, ReplicationResult result, Instant written, Duration took) {
        count(result);
        if (result.isInBackup() && !result.status().isPermanent() && trigger != Trigger.UNBLOCKED) {
            Duration passed = Duration.between(written, clock.instant());
            // The store's clock may be ahead of this one, and the meter takes no negative time.
            Duration latency = passed.isNegative() ? Duration.ZERO : passed;
            durable(result).record(latency);
            latencyRecorder.record(latency);
        }
        boolean didSomething = switch (result.status()) {
            case COPIED, PARTIAL, CORRUPT, SOURCE_CORRUPT, BLOCKED, MALFORMED -> true;
            case PRESENT, SOURCE_MISSING, SKIPPED -> false;
        };
        Level level = result.status().isPermanent() ? Level.ERROR : didSomething ? Level.INFO : Level.DEBUG;
        if (!LOGGER.isLoggable(level)) {
            return;
        }
        LogEvent line = LogEvent.of("replicated")
                .with("trigger", label(trigger))
                .with("key", key)
                .with("class", result.kind().label())
                .with("digest", result.digest().map(Digest::toString).orElse("-"))
                .with("result", result.status().label())
                .with("bytes", result.bytesCopied())
                .with("millis", took.toMillis());
        if (!result.problem().isEmpty()) {
            line.with("reason", result.problem());
        }
        line.log(LOGGER, level);
    }

    private static String label(Trigger trigger) {
        return trigger.name().toLowerCase(Locale.ROOT);
    }

    private void count(ReplicationResult result) {
        meters.counter(
                        "registry_backup_objects",
                        "class",
                        result.kind().label(),
                        "result",
                        result.status().label())
                .increment();
        meters.counter("registry_backup_copied_bytes", "class", result.kind().label())
                .increment((double) result.bytesCopied());
        if (result.status() == ReplicationStatus.CORRUPT || result.status() == ReplicationStatus.SOURCE_CORRUPT) {
            counter(Count.CORRUPT).increment();
        }
        switch (result.kind()) {
            case UNKNOWN, EXCLUDED -> counter(Count.UNKNOWN_OBJECT).increment();
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK, UPLOAD -> {}
        }
    }

    private Timer durable(ReplicationResult result) {
        return Timer.builder("registry_backup_replication_latency")
                .description(
                        "From the registry's write, according to the event, until the object is durable in the backup")
                .tag("class", result.kind().label())
                .serviceLevelObjectives(DURABLE_WITHIN)
                .register(meters);
    }

    /** Registers the counters at 0, so that rate() sees the first increment. */
    void register(@Observes StartupEvent start) {
        for (Count count : Count.values()) {
            counter(count);
        }
    }

    private Counter counter(Count count) {
        return Counter.builder(count.metric).description(count.description).register(meters);
    }

    @Override
    public void failed(Trigger trigger, String key, Throwable failure) {
        counter(Count.FAILURE).increment();
        LogEvent.of("not-replicated")
                .with("trigger", label(trigger))
                .with("key", key)
                .with("result", "failed")
                .with("reason", WorkerPools.unwrap(failure).getMessage())
                .log(LOGGER, Level.WARNING);
    }

    @Override
    public void undecodable(String reason) {
        counter(Count.UNDECODABLE).increment();
        LogEvent.of("undecodable").with("reason", reason).log(LOGGER, Level.ERROR);
    }

    @Override
    public void rejected(String reason) {
        counter(Count.REJECTION).increment();
        LogEvent.of("rejected").with("reason", reason).log(LOGGER, Level.ERROR);
    }

    @Override
    public void otherBucket(String bucket) {
        counter(Count.OTHER_BUCKET).increment();
        LogEvent.of("other-bucket")
                .with("bucket", bucket)
                .with("remedy", "correct the bucket of the notification that sends these events")
                .log(LOGGER, Level.WARNING);
    }
}
