package dev.registrybackup.operation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Counts an operation's progress and findings. Safe for use by many threads. */
public final class ProgressTracker {
    /** How many findings are kept; all are counted. */
    public static final int MAX_FINDINGS = 100;

    /** Everything below is guarded by this. */
    private final List<Finding> firstFindings = new ArrayList<>();

    private final Map<FindingCode, Long> findingCounts = new EnumMap<>(FindingCode.class);
    private String phase = "starting";
    private long objectsTotal;
    private long bytesTotal;
    private long objectsDone;
    private long bytesDone;

    /**
     * The progress at one moment.
     *
     * @param phase the current phase
     * @param objectsDone how many objects are done
     * @param objectsTotal how many objects there are, as far as known
     * @param bytesDone how many bytes are done
     * @param bytesTotal how many bytes there are, as far as known
     * @param findingCounts how many findings of each code there are
     * @param firstFindings the first {@value #MAX_FINDINGS} of them
     */
    public record Progress(
            String phase,
            long objectsDone,
            long objectsTotal,
            long bytesDone,
            long bytesTotal,
            Map<FindingCode, Long> findingCounts,
            List<Finding> firstFindings) {
        /** The progress of two indexes of an operation, added up. */
        Progress plus(Progress other) {
            Map<FindingCode, Long> counts = new EnumMap<>(FindingCode.class);
            counts.putAll(findingCounts);
            other.findingCounts.forEach((code, count) -> counts.merge(code, count, Long::sum));
            return new Progress(
                    phase.contains(other.phase) ? phase : phase + ", " + other.phase,
                    objectsDone + other.objectsDone,
                    objectsTotal + other.objectsTotal,
                    bytesDone + other.bytesDone,
                    bytesTotal + other.bytesTotal,
                    counts,
                    Stream.concat(firstFindings.stream(), other.firstFindings.stream())
                            .limit(MAX_FINDINGS)
                            .toList());
        }
    }

    /** Starts a phase. */
    public synchronized void phase(String name) {
        phase = name;
    }

    /** Adds to the totals. */
    public synchronized void addExpected(long objects, long bytes) {
        objectsTotal += objects;
        bytesTotal += bytes;
    }

    /** Adds to what is done. */
    public synchronized void addDone(long objects, long bytes) {
        objectsDone += objects;
        bytesDone += bytes;
    }

    /** Counts a finding, and keeps it if it is among the first. */
    public synchronized void addFinding(Finding finding) {
        findingCounts.merge(finding.code(), 1L, Long::sum);
        if (firstFindings.size() < MAX_FINDINGS) {
            firstFindings.add(finding);
        }
    }

    /** Starts at 0 again, before the counts and findings of all indexes are added. */
    public synchronized void restart() {
        findingCounts.clear();
        firstFindings.clear();
        objectsTotal = 0;
        bytesTotal = 0;
        objectsDone = 0;
        bytesDone = 0;
    }

    /** The progress now. */
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
