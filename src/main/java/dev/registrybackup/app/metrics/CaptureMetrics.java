package dev.registrybackup.app.metrics;

import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.PushLatencyTracker;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.registry.RepositoryName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/** Logs one line for each capture or its failure, and measures how long pushes take to become restorable. */
@ApplicationScoped
public class CaptureMetrics implements PushLatencyTracker.Listener {
    private static final Logger LOGGER = System.getLogger("dev.registrybackup.events");
    private static final Duration[] RESTORABLE_WITHIN = {
        Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofSeconds(5), Duration.ofSeconds(10),
        Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(2), Duration.ofMinutes(5),
        Duration.ofMinutes(15), Duration.ofMinutes(30), Duration.ofHours(1)
    };

    private final MeterRegistry meters;

    public CaptureMetrics(MeterRegistry meters) {
        this.meters = meters;
    }

    /** Registers the counters at 0, so that rate() sees the first increment. */
    public void begin() {
        notRestorable();
    }

    /** Logs a captured stream. */
    public void captured(CapturedStream captured, ImageStream stream, boolean isNew, Duration took) {
        log(
                LogEvent.of("captured")
                        .with("stream", captured.stream())
                        .with("tags", stream.tags().size())
                        .with("items", stream.items().count())
                        .with("images", captured.images().size()),
                isNew,
                took);
    }

    /** Logs a deleted stream. */
    public void deleted(RepositoryName stream, boolean isNew, Duration took) {
        log(LogEvent.of("captured").with("stream", stream).with("deleted", true), isNew, took);
    }

    private static void log(LogEvent line, boolean isNew, Duration took) {
        line.with("new", isNew).with("millis", took.toMillis()).log(LOGGER, isNew ? Level.INFO : Level.DEBUG);
    }

    /** Logs and counts a stream that could not be read or recorded. */
    public void failed(RepositoryName stream, Throwable failure) {
        Counter.builder("registry_backup_failures")
                .description("Copies and records that failed and may succeed later")
                .register(meters)
                .increment();
        LogEvent.of("not-captured")
                .with("stream", stream)
                .with("result", "failed")
                .with("reason", failure.getMessage())
                .log(LOGGER, Level.WARNING);
    }

    @Override
    public void restorable(Duration after) {
        Timer.builder("registry_backup_push_to_restorable")
                .description("From the move of a tag until the backup has everything that it needs, checked every 30 s")
                .serviceLevelObjectives(RESTORABLE_WITHIN)
                .register(meters)
                .record(after);
    }

    @Override
    public void timedOut(String reference) {
        notRestorable().increment();
        LogEvent.of("not-restorable")
                .with("tag", reference)
                .with("reason", "the backup does not have everything it needs")
                .with("next", "the next reconciliation copies what the registry has")
                .log(LOGGER, Level.WARNING);
    }

    private Counter notRestorable() {
        return Counter.builder("registry_backup_push_not_restorable")
                .description("Pushed tags whose image was not complete in the backup within an hour")
                .register(meters);
    }
}
