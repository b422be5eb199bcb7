package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Does the work of one kind of operation. */
@FunctionalInterface
public interface OperationHandler {
    /**
     * The result of an operation's work.
     *
     * @param state {@link OperationState#SUCCEEDED}, or {@link OperationState#INCOMPLETE} if work remains;
     *     {@link OperationState#RUNNING} if this was the share of one index, and another one will finish the operation
     * @param summary its figures; small, because every status request reads it
     */
    record OperationResult(OperationState state, ObjectNode summary) {
        /** Throws {@link IllegalArgumentException} for any other state. */
        public OperationResult {
            if (state != OperationState.SUCCEEDED
                    && state != OperationState.INCOMPLETE
                    && state != OperationState.RUNNING) {
                throw new IllegalArgumentException(
                        "A handler's result must be succeeded, incomplete or running, not " + state.label());
            }
        }

        /** The result of an index whose share is done while others' are not. */
        public static OperationResult shareDone() {
            return new OperationResult(OperationState.RUNNING, JsonNodeFactory.instance.objectNode());
        }
    }

    /**
     * Does the work that is not done yet, and returns when it is complete.
     *
     * @param fence to check before each write and between reads
     * @param progressTracker receives counts and findings
     * @throws FencedException if the fence stops the work
     * @throws RuntimeException if the work failed; the message is recorded as the reason
     */
    OperationResult run(OperationRequest request, Fence fence, ProgressTracker progressTracker);
}
