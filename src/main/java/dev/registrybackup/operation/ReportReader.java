package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
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
 * The reports that operations left in the backup, as {@link ReportWriter} wrote them. Blocks; each method throws {@link
 * ObjectStoreException} if the store did not answer. Safe for use by many threads.
 */
public final class ReportReader {
    private static final System.Logger LOGGER = System.getLogger(ReportReader.class.getName());
    private static final Pattern SUMMARY_PATTERN =
            Pattern.compile(Pattern.quote(ReportWriter.PREFIX) + "([^/]+)/" + Pattern.quote(ReportWriter.SUMMARY_NAME));
    private static final Pattern FILE_PATTERN = Pattern.compile(".*/findings-([0-9]{1,9})\\.ndjson");

    /** A part is written once it is full, with the finding that filled it. */
    private static final int LARGEST_PART = 2 * ReportWriter.FILE_BYTES;

    private final ObjectStore backup;
    private final MetadataStore records;

    /** One object of a report's findings, and its place among them. */
    private record ReportFile(int number, String key) {}

    /** The reports in that bucket. */
    public ReportReader(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    /**
     * The ids of the newest reports that were finished, the newest first: an id begins with the time its operation was
     * asked for.
     *
     * @param most so many at the most
     */
    public List<String> newestIds(int most) {
        Deque<String> last = new ArrayDeque<>();
        try (Stream<ObjectInfo> listing = backup.list(ReportWriter.PREFIX)) {
            listing.map(object -> SUMMARY_PATTERN.matcher(object.key()))
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
    public Optional<ObjectNode> readSummary(String id) {
        String key = ReportWriter.PREFIX + id + "/" + ReportWriter.SUMMARY_NAME;
        return records.get(key).map(StoredRecord::json).flatMap(json -> parseObject(key, json));
    }

    /**
     * Hands on each finding of a report, in the order in which they were found. Those of codes that only a newer program
     * knows are left out, and so are lines that are no JSON, which are logged. None if there is no report. Each part is
     * read whole before: a store cuts a connection off that is not read from for long, as while a finding is mended.
     */
    public void forEachFinding(String id, Consumer<Finding> each) {
        for (ReportFile reportFile : files(id)) {
            new String(read(reportFile), StandardCharsets.UTF_8)
                    .lines()
                    .forEach(line -> parseObject(reportFile.key(), line)
                            .flatMap(ReportReader::parseFinding)
                            .ifPresent(each));
        }
    }

    private byte[] read(ReportFile reportFile) {
        try (OpenObject reading = backup.open(reportFile.key(), Optional.empty(), Optional.empty())) {
            return reading.readAll(LARGEST_PART);
        }
    }

    /** In the order of their numbers, which is not that of their keys. */
    private List<ReportFile> files(String id) {
        try (Stream<ObjectInfo> listing = backup.list(ReportWriter.PREFIX + id + "/")) {
            return listing.map(object -> FILE_PATTERN.matcher(object.key()))
                    .filter(Matcher::matches)
                    .map(part -> new ReportFile(Integer.parseInt(part.group(1)), part.group()))
                    .sorted(Comparator.comparingInt(ReportFile::number))
                    .toList();
        }
    }

    private static Optional<Finding> parseFinding(JsonNode line) {
        return FindingCode.parse(line.path("code").asText())
                .map(code -> new Finding(
                        code,
                        line.path("subject").asText(),
                        line.path("problem").asText()));
    }

    /** What is no record is left in place and hinders nothing. */
    private static Optional<ObjectNode> parseObject(String key, String json) {
        String reason = "it is no JSON object";
        try {
            if (JsonReader.parse(json).root() instanceof ObjectNode object) {
                return Optional.of(object);
            }
        } catch (IOException e) {
            reason = String.valueOf(e.getMessage());
        }
        LogEvent.of("report-unreadable")
                .with("record", key)
                .with("reason", reason)
                .with("remedy", "look at it and remove it by hand")
                .log(LOGGER, Level.ERROR);
        return Optional.empty();
    }
}
