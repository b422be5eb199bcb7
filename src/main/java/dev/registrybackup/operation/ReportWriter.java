package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
 * The findings of one operation, kept in the backup under {@code registry-backup/reports/<id>/}: one a line in {@code
 * findings-1.ndjson} and so on, a new object whenever {@value #FILE_BYTES} bytes are full, and last of all {@code
 * summary.json}, which names them. {@link ReportReader} reads it. Safe for use by many threads.
 */
public final class ReportWriter implements Consumer<Finding> {
    static final String SUMMARY_NAME = "summary.json";

    /** Every report's keys start with this. */
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "reports/";

    /** So much is in memory at most. */
    static final int FILE_BYTES = 8 << 20;

    private final ObjectStore backup;
    private final String keyPrefix;
    private final boolean isOpenShift;
    private final Fence fence;
    /** Guarded by this: the lines of the next part. */
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    /** Guarded by this: the keys of the parts so far. */
    private final List<String> fileKeys = new ArrayList<>();

    /**
     * A report that holds nothing yet, and is not written before there is something.
     *
     * @param backup where it is kept
     * @param id the operation's; a report of an earlier run is replaced part by part
     * @param isOpenShift whose registry it is about, by which findings are graded
     * @param fence asked before each write
     */
    public ReportWriter(ObjectStore backup, String id, boolean isOpenShift, Fence fence) {
        this.backup = backup;
        this.keyPrefix = PREFIX + id + "/";
        this.isOpenShift = isOpenShift;
        this.fence = fence;
    }

    /**
     * Adds a finding, and writes a part if it is full.
     *
     * @throws ObjectStoreException if that part could not be written
     */
    @Override
    public synchronized void accept(Finding finding) {
        String line = JsonNodeFactory.instance
                .objectNode()
                .put("code", finding.code().name())
                .put("severity", finding.code().severity(isOpenShift).label())
                .put("subject", finding.subject())
                .put("problem", finding.problem())
                .toString();
        lines.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
        if (lines.size() >= FILE_BYTES) {
            flush();
        }
    }

    /**
     * Writes what is not written yet.
     *
     * @throws ObjectStoreException if that could not be written
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
     * Writes the rest, and the summary, to which it adds the keys of the parts under {@code reports}.
     *
     * @throws ObjectStoreException if either could not be written
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
