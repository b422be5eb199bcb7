package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.MetadataStore.StoredRecord;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
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
 * Reads the reports in the backup that {@link ReportWriter} wrote. Blocks; each method throws
 * {@link ObjectStoreException} if the store did not answer. Safe for use by many threads.
 */
public final class ReportReader {
    private static final System.Logger LOGGER = System.getLogger(ReportReader.class.getName());
    private static final Pattern SUMMARY_PATTERN =
            Pattern.compile(Pattern.quote(ReportWriter.PREFIX) + "([^/]+)/" + Pattern.quote(ReportWriter.SUMMARY_NAME));
    private static final Pattern FILE_PATTERN = Pattern.compile(".*/findings-([0-9]{1,9})\\.ndjson");

    /** A file is written once it is full, including the finding that filled it. */
    private static final int MAX_FILE_BYTES = 2 * ReportWriter.FILE_BYTES;

    private final ObjectStore backup;
    private final MetadataStore records;

    /** One file of a report's findings, and its number. */
    private record ReportFile(int number, String key) {}

    /** Reads the reports in this bucket. */
    public ReportReader(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    /**
     * The ids of the newest finished reports, newest first: an id begins with the time of the request.
     *
     * @param limit the maximum number
     */
    public List<String> newestIds(int limit) {
        Deque<String> last = new ArrayDeque<>();
        try (Stream<ObjectInfo> listing = backup.list(ReportWriter.PREFIX)) {
            listing.map(object -> SUMMARY_PATTERN.matcher(object.key()))
                    .filter(Matcher::matches)
                    .forEach(summary -> {
                        last.addLast(summary.group(1));
                        if (last.size() > limit) {
                            last.removeFirst();
                        }
                    });
        }
        List<String> newestFirst = new ArrayList<>(last);
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    /** The summary of a report; empty if there is none, or if it is not a JSON object, which is logged. */
    public Optional<ObjectNode> readSummary(String id) {
        return readSummaryOf(ReportWriter.PREFIX + id + "/");
    }

    /** As {@link #readSummary}, for a report whose keys begin with this. */
    Optional<ObjectNode> readSummaryOf(String keyPrefix) {
        String key = keyPrefix + ReportWriter.SUMMARY_NAME;
        return records.get(key).map(StoredRecord::json).flatMap(json -> parseObject(key, json));
    }

    /**
     * Visits each finding of a report in the order found; none if there is no report. Skips codes that only a newer
     * version has, and lines that are not JSON, which are logged. Reads each file completely before visiting its
     * findings, because a store closes a connection that is idle while a finding is fixed.
     */
    public void forEachFinding(String id, Consumer<Finding> each) {
        for (ReportFile reportFile : files(id)) {
            forEachLine(reportFile.key(), line -> Finding.parse(line).ifPresent(each));
        }
    }

    /** Visits the lines of one file of a report. */
    void forEachLine(String key, Consumer<ObjectNode> each) {
        new String(read(key), StandardCharsets.UTF_8)
                .lines()
                .forEach(line -> parseObject(key, line).ifPresent(each));
    }

    private byte[] read(String key) {
        try (OpenObject reading = backup.open(key, Optional.empty(), Optional.empty())) {
            return reading.readAll(MAX_FILE_BYTES);
        }
    }

    /** Sorted by number, which differs from the order of the keys. */
    private List<ReportFile> files(String id) {
        try (Stream<ObjectInfo> listing = backup.list(ReportWriter.PREFIX + id + "/")) {
            return listing.map(object -> FILE_PATTERN.matcher(object.key()))
                    .filter(Matcher::matches)
                    .map(part -> new ReportFile(Integer.parseInt(part.group(1)), part.group()))
                    .sorted(Comparator.comparingInt(ReportFile::number))
                    .toList();
        }
    }

    /** Empty if the text is not a JSON object; it stays in place and blocks nothing. */
    private static Optional<ObjectNode> parseObject(String key, String json) {
        Optional<ObjectNode> object = MetadataStore.parse(json);
        if (object.isEmpty()) {
            LogEvent.of("report-unreadable")
                    .with("record", key)
                    .with("reason", "it is not a JSON object")
                    .with("remedy", "inspect it and delete it by hand")
                    .log(LOGGER, Level.ERROR);
        }
        return object;
    }
}
