package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.operation.ProgressTracker.Progress;
import dev.registrybackup.restore.BlobRestorer.BlobAction;
import dev.registrybackup.restore.BlobRestorer.BlobStep;

/** Counts the work of a restore. For one thread. */
final class RestoreCounts {
    private final OperationContext operation;
    /** The findings of the plan, without those of the work. */
    private final ProgressTracker found = new ProgressTracker();

    private long images;
    private long objectsToCopy;
    private long bytesToCopy;
    private long objectsPresent;
    private long bytesPresent;
    private long toVerify;
    private boolean isCountingOnlyWork;

    /** Starts at 0; passes each finding on. */
    RestoreCounts(OperationContext operation) {
        this.operation = operation;
    }

    void addImage() {
        images += isCountingOnlyWork ? 0 : 1;
    }

    /** Counts only remaining work from now on; images and present objects were counted before. */
    void countOnlyWork() {
        isCountingOnlyWork = true;
    }

    /** Counts a blob and returns the action that it needs. */
    BlobAction addBlob(BlobStep step, RestoreRequest.Mode mode) {
        BlobAction action = step.action(mode);
        long bytes = step.inBackup().size();
        switch (action) {
            case COPY -> addToCopy(bytes);
            case NONE -> addPresent(bytes);
            case VERIFY -> {
                toVerify++;
                addPresent(bytes);
            }
            case DIFFERS -> {
                addPresent(bytes);
                addFinding(new Finding(
                        FindingCode.BLOB_TRUNCATED,
                        step.digest().toString(),
                        "has %d bytes in the target and %d in the backup: restore it with mode repair"
                                .formatted(step.inTarget().orElseThrow().size(), bytes)));
            }
        }
        return action;
    }

    void addLink(long bytes, boolean isNeeded) {
        if (isNeeded) {
            addToCopy(bytes);
        } else {
            addPresent(bytes);
        }
    }

    private void addToCopy(long bytes) {
        objectsToCopy++;
        bytesToCopy += bytes;
    }

    private void addPresent(long bytes) {
        objectsPresent += isCountingOnlyWork ? 0 : 1;
        bytesPresent += isCountingOnlyWork ? 0 : bytes;
    }

    void addFinding(Finding finding) {
        operation.report(finding);
        found.addFinding(finding);
    }

    /** How many objects will be copied or verified. */
    long objects() {
        return objectsToCopy + toVerify;
    }

    long bytes() {
        return bytesToCopy;
    }

    /** The JSON form in responses and operation records. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("images", images);
        json.putObject("toCopy").put("objects", objectsToCopy).put("bytes", bytesToCopy);
        json.putObject("alreadyPresent").put("objects", objectsPresent).put("bytes", bytesPresent);
        json.put("toVerify", toVerify);
        Progress findings = found.progress();
        json.put("missing", findings.findingCounts().getOrDefault(FindingCode.BLOB_MISSING, 0L));
        json.put("sparse", findings.findingCounts().getOrDefault(FindingCode.INDEX_SPARSE, 0L));
        ArrayNode listed = json.putArray("findings");
        findings.firstFindings().forEach(finding -> listed.add(finding.json()));
        return json;
    }
}
