package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.RegistryLayout;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Writes the findings of one operation to the backup under {@code registry-backup/reports/<id>/}: one line each in
 * {@code findings-1.ndjson} and so on, a new file after {@value #FILE_BYTES} bytes, and last {@code summary.json},
 * which names the files. {@link ReportReader} reads them. Safe for use by many threads.
 */
public final class ReportWriter implements Consumer<Finding> {
    static final String SUMMARY_NAME = "summary.json";

    /** The prefix of all reports' keys. */
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "reports/";

    /** The size of a file in bytes, and the most that is in memory. */
    static final int FILE_BYTES = 8 << 20;

    private final ObjectStore backup;
    private final String keyPrefix;
    private final boolean isOpenShift;
    private final Fence fence;
    /** Guarded by this: the lines of the next file. */
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    /** Guarded by this: the keys of the files written so far. */
    private final List<String> fileKeys = new ArrayList<>();

    /**
     * Starts an empty report; writes nothing before there is a finding.
     *
     * @param backup the store for the report
     * @param id the operation's id; a report of an earlier run is replaced file by file
     * @param isOpenShift whether it is OpenShift's registry, which decides the severity of findings
     * @param fence checked before each write
     */
    public ReportWriter(ObjectStore backup, String id, boolean isOpenShift, Fence fence) {
        this(backup, isOpenShift, fence, PREFIX + id + "/");
    }

    /** A report whose keys begin with this, for {@link IndexReports}. */
    ReportWriter(ObjectStore backup, boolean isOpenShift, Fence fence, String keyPrefix) {
        this.backup = backup;
        this.keyPrefix = keyPrefix;
        this.isOpenShift = isOpenShift;
        this.fence = fence;
    }

    /**
     * Adds a finding, and writes the file if it is full.
     *
     * @throws ObjectStoreException if the file cannot be written
     */
    @Override
    public void accept(Finding finding) {
        String severity = finding.code().severity(isOpenShift).label();
        add(finding.json().put("severity", severity));
    }

    /** As {@link #accept}, for a line that is not a finding, which only {@link IndexReports} reads. */
    public synchronized void add(ObjectNode line) {
        lines.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (lines.size() >= FILE_BYTES) {
            flush();
        }
    }

    /**
     * Writes the lines that are not written yet.
     *
     * @throws ObjectStoreException if they cannot be written
     */
    public synchronized void flush() {
        if (lines.size() > 0) {
            String key = keyPrefix + "findings-%d.ndjson".formatted(fileKeys.size() + 1);
            write(key, lines.toByteArray());
            fileKeys.add(key);
            lines.reset();
        }
    }

    /**
     * Writes the rest and the summary, to which it adds the keys of the files under {@code reports}.
     *
     * @throws ObjectStoreException if either cannot be written
     */
    public synchronized void finish(ObjectNode summary) {
        flush();
        ArrayNode keys = summary.putArray("reports");
        fileKeys.forEach(keys::add);
        write(keyPrefix + SUMMARY_NAME, summary.toString().getBytes(StandardCharsets.UTF_8));
    }

    private void write(String key, byte[] content) {
        fence.check();
        backup.put(key, ContentSource.of(content), Map.of());
    }
}
