package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.RecordObjects;
import dev.registrybackup.ledger.RecordObjects.Stored;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.StoreError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
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
     * Hands on each finding of a report, in the order in which they were found, a line at a time. Those of codes that only
     * a newer program knows are left out, and so are lines that are no JSON, which are logged. None if there is no report.
     */
    public void findings(String id, Consumer<Finding> each) {
        for (Part part : parts(id)) {
            try (OpenObject reading = backup.open(part.key(), Optional.empty(), Optional.empty());
                    BufferedReader lines =
                            new BufferedReader(new InputStreamReader(reading.stream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    object(part.key(), line).flatMap(Reports::finding).ifPresent(each);
                }
            } catch (IOException e) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to read %s to its end: %s".formatted(part.key(), e.getMessage()),
                        e);
            }
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
            if (RecordFields.of(json).root() instanceof ObjectNode object) {
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
