package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The state of an operation. The same request can always be submitted again; it copies only what is missing. */
public enum OperationState {
    /** Requested, not started. */
    PENDING(false),
    /** Running. */
    RUNNING(false),
    /** Completely done. */
    SUCCEEDED(true),
    /** Done as far as possible: the findings say what is missing. */
    INCOMPLETE(true),
    /** Stopped by a failure. */
    FAILED(true),
    /** Stopped because it was cancelled. */
    CANCELLED(true),
    /** Its process ended without recording a result. It blocks nothing. */
    LOST(false);

    private final boolean finished;

    OperationState(boolean finished) {
        this.finished = finished;
    }

    /** The name in records and responses. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether its result is recorded. */
    public boolean isFinished() {
        return finished;
    }

    static Optional<OperationState> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(state -> state.label().equals(label))
                .findFirst();
    }
}
