package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The state of an operation. Asking for the same again is always possible, and copies only what is missing. */
public enum OperationState {
    /** Requested, and not begun. */
    PENDING(false),
    /** Running. */
    RUNNING(false),
    /** Done, all of it. */
    SUCCEEDED(true),
    /** Done as far as was possible: its findings say what is missing. */
    INCOMPLETE(true),
    /** Ended by a failure. */
    FAILED(true),
    /** Ended because somebody cancelled it. */
    CANCELLED(true),
    /** Its process is gone and has recorded no end. It blocks nothing. */
    LOST(false);

    private final boolean finished;

    OperationState(boolean finished) {
        this.finished = finished;
    }

    /** The name for records and answers. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether its end is on record. */
    public boolean isFinished() {
        return finished;
    }

    static Optional<OperationState> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(state -> state.label().equals(label))
                .findFirst();
    }
}
