package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** What the operations of one kind do. */
@FunctionalInterface
public interface OperationHandler {
    /**
     * How it ended.
     *
     * @param state {@link OperationState#SUCCEEDED}, or {@link OperationState#INCOMPLETE} if something is left to do
     * @param summary what to say of it in figures; small, since it is read with each look at the operation
     */
    record OperationResult(OperationState state, ObjectNode summary) {
        /** Takes either of the two states. */
        public OperationResult {
            if (state != OperationState.SUCCEEDED && state != OperationState.INCOMPLETE) {
                throw new IllegalArgumentException(
                        "Work ends as succeeded or incomplete, or throws; not as " + state.label());
            }
        }
    }

    /**
     * Does it, as far as it is not done already, and returns when it is done.
     *
     * @param fence to be asked before each write, and between reads too: it tells the work to stop
     * @param progressTracker to be told how far it is and what it finds
     * @throws FencedException the fence's, handed on
     * @throws RuntimeException if it could not be done; the message goes on record as the reason
     */
    OperationResult run(OperationRequest request, Fence fence, ProgressTracker progressTracker);
}
