package dev.registrybackup.operation;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What the work of an operation is handed. Safe for use by many threads.
 *
 * @param fence leave to go on, asked before each write and between reads
 * @param progress how far it is
 * @param onFinding told each finding, beside the progress
 * @param acknowledged what a finding is reported as
 */
public record OperationContext(
        Fence fence, ProgressTracker progress, Consumer<Finding> onFinding, UnaryOperator<Finding> acknowledged) {
    /** That of work whose findings are counted, and not kept one by one. */
    public OperationContext(Fence fence, ProgressTracker progress) {
        this(fence, progress, finding -> {}, UnaryOperator.identity());
    }

    /** The same, with findings kept there too. */
    public OperationContext withFindingsTo(Consumer<Finding> other) {
        return new OperationContext(fence, progress, other, acknowledged);
    }

    /** The same, with findings reported as what that makes of them: {@link AcknowledgedFindings#current}. */
    public OperationContext withAcknowledged(UnaryOperator<Finding> findings) {
        return new OperationContext(fence, progress, onFinding, findings);
    }

    /**
     * Returns if the work may go on.
     *
     * @throws FencedException if it has to stop
     */
    public void checkFence() {
        fence.check();
    }

    /**
     * Goes on to do something else.
     *
     * @throws FencedException if the work has to stop
     */
    public void phase(String name) {
        fence.check();
        progress.phase(name);
    }

    /** Reports something that is wrong; returns it as it was reported, which differs if it was acknowledged. */
    public Finding report(Finding finding) {
        Finding reported = acknowledged.apply(finding);
        progress.addFinding(reported);
        onFinding.accept(reported);
        return reported;
    }
}
