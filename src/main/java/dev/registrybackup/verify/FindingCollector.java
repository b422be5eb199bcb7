package dev.registrybackup.verify;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** What one verification has looked at and found so far. Safe for use by many threads. */
final class FindingCollector {
    /** So many objects may fail; more of them are a store that is out of order, of which nothing more can be said. */
    static final int MAX_UNKNOWN = 1000;

    /** So many refusals in a row are not single objects that somebody else encrypted, but missing rights. */
    static final int MAX_CONSECUTIVE_FORBIDDEN = 50;

    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final Consumer<Finding> report;

    /** Everything below is guarded by this. */
    private final Map<FindingCode, Long> counts = new EnumMap<>(FindingCode.class);

    private long objects;
    private long bytes;
    private int unknown;
    private int consecutiveForbidden;

    FindingCollector(Fence fence, ProgressTracker progressTracker, Consumer<Finding> report) {
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.report = report;
    }

    /** What was counted: objects looked at, bytes read, and findings. */
    record Counts(long objects, long bytes, Map<FindingCode, Long> findings) {}

    /** Goes on if that is still wanted. */
    void checkFence() {
        fence.check();
    }

    /** Goes on to do something else. */
    void phase(String name) {
        fence.check();
        progressTracker.phase(name);
    }

    /** Reports a finding. */
    synchronized void add(FindingCode code, String subject, String problem) {
        Finding finding = new Finding(code, subject, problem);
        counts.merge(code, 1L, Long::sum);
        progressTracker.addFinding(finding);
        report.accept(finding);
    }

    /**
     * Reports that the store did not say.
     *
     * @throws ObjectStoreException what it is given, if there is no bucket, there are no rights, or too many objects failed
     */
    void unknown(String subject, ObjectStoreException failure) {
        synchronized (this) {
            unknown++;
            consecutiveForbidden = failure.error() == StoreError.FORBIDDEN ? consecutiveForbidden + 1 : 0;
            if (failure.error() == StoreError.BUCKET_MISSING
                    || unknown > MAX_UNKNOWN
                    || consecutiveForbidden > MAX_CONSECUTIVE_FORBIDDEN) {
                throw failure;
            }
        }
        add(
                FindingCode.UNDETERMINED,
                subject,
                "The store failed (%s): %s. Verify it again"
                        .formatted(
                                failure.error().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                                failure.getMessage()));
    }

    /** So many bytes will be read. */
    void addExpectedBytes(long more) {
        progressTracker.addExpected(0, more);
    }

    /** So many bytes were read. */
    synchronized void addReadBytes(long more) {
        bytes += more;
        consecutiveForbidden = 0;
        progressTracker.addDone(0, more);
    }

    /** So many bytes will not be read after all. */
    void addSkippedBytes(long more) {
        progressTracker.addDone(0, more);
    }

    /** So many objects were looked at. */
    synchronized void addObjects(long more) {
        objects += more;
        progressTracker.addExpected(more, 0);
        progressTracker.addDone(more, 0);
    }

    /** How far it is. */
    synchronized Counts counts() {
        return new Counts(objects, bytes, Map.copyOf(counts));
    }
}
