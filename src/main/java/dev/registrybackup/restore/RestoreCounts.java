package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What a restore has to do, counted. For one thread. */
final class RestoreCounts {
    private static final int MOST_LISTED = 100;

    private final Consumer<Finding> onFinding;
    private final List<Finding> first = new ArrayList<>();
    private final Map<FindingCode, Long> findings = new EnumMap<>(FindingCode.class);
    private long images;
    private long objectsToCopy;
    private long bytesToCopy;
    private long objectsThere;
    private long bytesThere;
    private long toProve;
    private boolean isOnlyWork;

    /** Counts, and tells each finding on. */
    RestoreCounts(Consumer<Finding> onFinding) {
        this.onFinding = onFinding;
    }

    void image() {
        images += isOnlyWork ? 0 : 1;
    }

    /** From now on counts no more images, nor what is there, but only what has to be done: the rest was counted before. */
    void countOnlyWork() {
        isOnlyWork = true;
    }

    /** Counts a blob; whether anything has to be done about it. */
    boolean count(BlobStep step, RestoreRequest.Mode mode) {
        BlobRestorer.Need need = BlobRestorer.need(mode, step.inBackup(), step.inTarget());
        long bytes = step.inBackup().size();
        switch (need) {
            case COPY -> toCopy(bytes);
            case NOTHING -> there(bytes);
            case PROVE -> {
                toProve++;
                there(bytes);
            }
            case DIFFERS -> {
                there(bytes);
                found(BlobRestorer.differs(
                        step.digest(), step.inBackup(), step.inTarget().orElseThrow()));
            }
        }
        return need == BlobRestorer.Need.COPY || need == BlobRestorer.Need.PROVE;
    }

    /** Counts a link; whether it has to be written, as given. */
    boolean countLink(long bytes, boolean isNeeded) {
        if (isNeeded) {
            toCopy(bytes);
        } else {
            there(bytes);
        }
        return isNeeded;
    }

    private void toCopy(long bytes) {
        objectsToCopy++;
        bytesToCopy += bytes;
    }

    private void there(long bytes) {
        objectsThere += isOnlyWork ? 0 : 1;
        bytesThere += isOnlyWork ? 0 : bytes;
    }

    void found(Finding finding) {
        onFinding.accept(finding);
        findings.merge(finding.code(), 1L, Long::sum);
        if (first.size() < MOST_LISTED) {
            first.add(finding);
        }
    }

    /** How many objects will be dealt with. */
    long objects() {
        return objectsToCopy + toProve;
    }

    /** How many bytes will be copied. */
    long bytes() {
        return bytesToCopy;
    }

    /** Its form in answers and records. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("images", images);
        json.putObject("toCopy").put("objects", objectsToCopy).put("bytes", bytesToCopy);
        json.putObject("alreadyThere").put("objects", objectsThere).put("bytes", bytesThere);
        json.put("toProve", toProve);
        json.put("missing", findings.getOrDefault(FindingCode.BLOB_MISSING, 0L));
        json.put("sparse", findings.getOrDefault(FindingCode.INDEX_SPARSE, 0L));
        ArrayNode listed = json.putArray("findings");
        first.forEach(finding -> listed.addObject()
                .put("code", finding.code().name())
                .put("subject", finding.subject())
                .put("problem", finding.problem()));
        return json;
    }
}
