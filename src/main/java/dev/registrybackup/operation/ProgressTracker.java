package dev.registrybackup.operation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How far an operation is and what it has found; fed by many threads, read by the one that reports. */
public final class ProgressTracker {
    /** So many findings are kept whole; all are counted. */
    static final int MAX_FINDINGS = 100;

    /** Everything below is guarded by this. */
    private final List<Finding> firstFindings = new ArrayList<>();

    private final Map<FindingCode, Long> findingCounts = new EnumMap<>(FindingCode.class);
    private String phase = "starting";
    private long objectsTotal;
    private long bytesTotal;
    private long objectsDone;
    private long bytesDone;

    /**
     * How far it is, at one moment.
     *
     * @param phase what it is doing
     * @param objectsDone how many objects are done
     * @param objectsTotal of how many, as far as is known
     * @param bytesDone how many bytes are done
     * @param bytesTotal of how many, as far as is known
     * @param findingCounts how many findings there are of each code
     * @param firstFindings the first {@value #MAX_FINDINGS} of them
     */
    public record Progress(
            String phase,
            long objectsDone,
            long objectsTotal,
            long bytesDone,
            long bytesTotal,
            Map<FindingCode, Long> findingCounts,
            List<Finding> firstFindings) {}

    /** It goes on to do something else. */
    public synchronized void phase(String name) {
        phase = name;
    }

    /** There is so much more to do. */
    public synchronized void addExpected(long objects, long bytes) {
        objectsTotal += objects;
        bytesTotal += bytes;
    }

    /** So much more is done. */
    public synchronized void addDone(long objects, long bytes) {
        objectsDone += objects;
        bytesDone += bytes;
    }

    /** Something was found. */
    public synchronized void addFinding(Finding finding) {
        findingCounts.merge(finding.code(), 1L, Long::sum);
        if (firstFindings.size() < MAX_FINDINGS) {
            firstFindings.add(finding);
        }
    }

    /** How far it is now. */
    public synchronized Progress progress() {
        return new Progress(
                phase,
                objectsDone,
                objectsTotal,
                bytesDone,
                bytesTotal,
                Map.copyOf(findingCounts),
                List.copyOf(firstFindings));
    }
}
