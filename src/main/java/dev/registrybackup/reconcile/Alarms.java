package dev.registrybackup.reconcile;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Alarms under {@value #PREFIX}. While one is not acknowledged, nothing is pruned from the backup. Blocks; safe for use by
 * many threads.
 */
public final class Alarms {
    /** The prefix of their records. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "alarms/";

    private static final System.Logger LOGGER = System.getLogger(Alarms.class.getName());
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final ObjectStore backup;
    private final MetadataStore records;
    private final Clock clock;

    /** Uses the alarms in this backup. */
    public Alarms(ObjectStore backup, Clock clock) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.clock = clock;
    }

    /**
     * Raises an alarm, unless there is one of the same cause that is not acknowledged.
     *
     * @param cause the kind of alarm, in a word
     * @param problem the problem, for people
     */
    public Alarm raise(String cause, String problem) {
        Optional<Alarm> standing = openAlarms().stream()
                .filter(alarm -> alarm.cause().equals(cause))
                .findFirst();
        if (standing.isPresent()) {
            return standing.get();
        }
        Instant now = clock.instant();
        Alarm raised = new Alarm(cause + "-" + TIMESTAMP.format(now), cause, problem, now, Optional.empty());
        records.put(PREFIX + raised.id(), raised.json().toString());
        LogEvent.of("alarm")
                .with("id", raised.id())
                .with("reason", problem)
                .with(
                        "remedy",
                        "check the registry, then acknowledge the alarm: POST /reconcile with the id, or reconcile"
                                + " --acknowledge. Until then nothing is pruned from the backup")
                .log(LOGGER, Level.ERROR);
        return raised;
    }

    /** The alarms that are not acknowledged, oldest first within each cause. */
    public List<Alarm> openAlarms() {
        return list().stream().filter(Alarm::isOpen).toList();
    }

    /**
     * Acknowledges an alarm, so that pruning may continue.
     *
     * @param by who acknowledges it, for people
     * @throws IllegalArgumentException if there is no such alarm
     */
    public Alarm acknowledge(String id, String by) {
        Alarm alarm = require(id);
        if (!alarm.isOpen()) {
            return alarm;
        }
        Alarm settled = alarm.acknowledged(clock.instant(), by);
        records.put(PREFIX + id, settled.json().toString());
        LogEvent.of("alarm-acknowledged").with("id", id).with("by", by).log(LOGGER, Level.INFO);
        return settled;
    }

    /**
     * The alarm with this id.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Alarm require(String id) {
        return list().stream()
                .filter(known -> known.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no alarm \"%s\". Open alarms: %s"
                        .formatted(id, openAlarms().stream().map(Alarm::id).toList())));
    }

    private List<Alarm> list() {
        try (Stream<ObjectInfo> listing = backup.list(PREFIX)) {
            return listing.map(ObjectInfo::key)
                    .flatMap(key -> records
                            .get(key)
                            .map(storedRecord -> Alarm.parse(key.substring(PREFIX.length()), storedRecord.json()))
                            .stream())
                    .toList();
        }
    }
}
