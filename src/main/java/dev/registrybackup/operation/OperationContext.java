package dev.registrybackup.operation;

import java.util.function.Consumer;

/**
 * What the work of an operation is handed. Safe for use by many threads.
 *
 * @param fence leave to go on, asked before each write and between reads
 * @param progress how far it is
 * @param onFinding told each finding, beside the progress
 */
public record OperationContext(Fence fence, ProgressTracker progress, Consumer<Finding> onFinding) {
    /** That of work whose findings are counted, and not kept one by one. */
    public OperationContext(Fence fence, ProgressTracker progress) {
        this(fence, progress, finding -> {});
    }

    /** The same, with findings kept there too. */
    public OperationContext withFindingsTo(Consumer<Finding> other) {
        return new OperationContext(fence, progress, other);
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

    /** Reports something that is wrong. */
    public void report(Finding finding) {
        progress.addFinding(finding);
        onFinding.accept(finding);
    }
}
