package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RecordObjects;
import dev.registrybackup.objectstore.RecordObjects.Stored;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The reports that operations left in the backup, as {@link Report} wrote them. Blocks; each method throws {@link
 * ObjectStoreException} if the store did not answer. Safe for use by many threads.
 */
public final class Reports {
    private static final System.Logger LOGGER = System.getLogger(Reports.class.getName());
    private static final Pattern SUMMARY =
            Pattern.compile(Pattern.quote(Report.PREFIX) + "([^/]+)/" + Pattern.quote(Report.SUMMARY));
    private static final Pattern PART = Pattern.compile(".*/findings-([0-9]{1,9})\\.ndjson");

    /** A part is written once it is full, with the finding that filled it. */
    private static final int LARGEST_PART = 2 * Report.PART_BYTES;

    private final ObjectStore backup;
    private final RecordObjects records;

    /** One object of a report's findings, and its place among them. */
    private record Part(int number, String key) {}

    /** The reports in that bucket. */
    public Reports(ObjectStore backup) {
        this.backup = backup;
        this.records = new RecordObjects(backup);
    }

    /**
     * The ids of the newest reports that were finished, the newest first: an id begins with the time its operation was
     * asked for.
     *
     * @param most so many at the most
     */
    public List<String> ids(int most) {
        Deque<String> last = new ArrayDeque<>();
        try (Stream<ObjectInfo> listing = backup.list(Report.PREFIX)) {
            listing.map(object -> SUMMARY.matcher(object.key()))
                    .filter(Matcher::matches)
                    .forEach(summary -> {
                        last.addLast(summary.group(1));
                        if (last.size() > most) {
                            last.removeFirst();
                        }
                    });
        }
        List<String> newestFirst = new ArrayList<>(last);
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    /** The summary of a report; empty if there is none, or what is there is no JSON object, which is logged. */
    public Optional<ObjectNode> summary(String id) {
        String key = Report.PREFIX + id + "/" + Report.SUMMARY;
        return records.read(key).map(Stored::json).flatMap(json -> object(key, json));
    }

    /**
     * Hands on each finding of a report, in the order in which they were found. Those of codes that only a newer program
     * knows are left out, and so are lines that are no JSON, which are logged. None if there is no report. Each part is
     * read whole before: a store cuts a connection off that is not read from for long, as while a finding is mended.
     */
    public void findings(String id, Consumer<Finding> each) {
        for (Part part : parts(id)) {
            new String(read(part), StandardCharsets.UTF_8)
                    .lines()
                    .forEach(line ->
                            object(part.key(), line).flatMap(Reports::finding).ifPresent(each));
        }
    }

    private byte[] read(Part part) {
        try (OpenObject reading = backup.open(part.key(), Optional.empty(), Optional.empty())) {
            return reading.readAll(LARGEST_PART);
        }
    }

    /** In the order of their numbers, which is not that of their keys. */
    private List<Part> parts(String id) {
        try (Stream<ObjectInfo> listing = backup.list(Report.PREFIX + id + "/")) {
            return listing.map(object -> PART.matcher(object.key()))
                    .filter(Matcher::matches)
                    .map(part -> new Part(Integer.parseInt(part.group(1)), part.group()))
                    .sorted(Comparator.comparingInt(Part::number))
                    .toList();
        }
    }

    private static Optional<Finding> finding(JsonNode line) {
        return FindingCode.named(line.path("code").asText())
                .map(code -> new Finding(
                        code,
                        line.path("subject").asText(),
                        line.path("problem").asText()));
    }

    /** What is no record is left in place and hinders nothing. */
    private static Optional<ObjectNode> object(String key, String json) {
        String reason = "it is no JSON object";
        try {
            if (JsonReader.of(json).root() instanceof ObjectNode object) {
                return Optional.of(object);
            }
        } catch (IOException e) {
            reason = String.valueOf(e.getMessage());
        }
        LOGGER.log(
                Level.ERROR,
                "event=report-unreadable record={0} reason=\"{1}\" remedy=\"look at it and remove it by hand\"",
                key,
                reason);
        return Optional.empty();
    }
}
