package dev.registrybackup.operation;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Gives an operation's work its fence, progress and findings. Safe for use by many threads.
 *
 * @param fence checked before each write and between reads
 * @param progress receives counts and findings
 * @param onFinding receives each finding besides the progress
 * @param acknowledged maps each finding to the one that is reported
 * @param index the share of the work to do
 */
public record OperationContext(
        Fence fence,
        ProgressTracker progress,
        Consumer<Finding> onFinding,
        UnaryOperator<Finding> acknowledged,
        CompletionIndex index) {
    /** A context that counts findings and keeps only the first ones. */
    public OperationContext(Fence fence, ProgressTracker progress) {
        this(fence, progress, finding -> {}, UnaryOperator.identity(), CompletionIndex.ONLY);
    }

    /** The same context, passing each finding to this consumer too. */
    public OperationContext withFindingsTo(Consumer<Finding> other) {
        return new OperationContext(fence, progress, other, acknowledged, index);
    }

    /** The same context, which maps each finding by this function: {@link AcknowledgedFindings#current}. */
    public OperationContext withAcknowledged(UnaryOperator<Finding> findings) {
        return new OperationContext(fence, progress, onFinding, findings, index);
    }

    /** The same context, for one of the indexes of a divided operation. */
    public OperationContext withIndex(CompletionIndex share) {
        return new OperationContext(fence, progress, onFinding, acknowledged, share);
    }

    /**
     * Returns if the work may continue.
     *
     * @throws FencedException if it must stop
     */
    public void checkFence() {
        fence.check();
    }

    /**
     * Starts a phase.
     *
     * @throws FencedException if the work must stop
     */
    public void phase(String name) {
        fence.check();
        progress.phase(name);
    }

    /** Reports a finding. Returns it as it was reported, which differs if it was acknowledged. */
    public Finding report(Finding finding) {
        Finding reported = acknowledged.apply(finding);
        progress.addFinding(reported);
        onFinding.accept(reported);
        return reported;
    }
}
