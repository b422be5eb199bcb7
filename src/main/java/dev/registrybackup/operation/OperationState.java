package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How an operation stands. */
public enum OperationState {
    /** Asked for, and not begun. */
    PENDING(false, false),
    /** At work. */
    RUNNING(false, false),
    /** Done, all of it. */
    SUCCEEDED(true, false),
    /** Done as far as was possible: its findings say what is missing. Resumed, it tries that again. */
    INCOMPLETE(true, true),
    /** Ended by a failure. Resumed, it goes on where it stopped. */
    FAILED(true, true),
    /** Ended because somebody wanted so, which is not undone: whoever wants it after all asks for a new one. */
    CANCELLED(true, false),
    /** Nobody works on it, and nobody has ended it: its process is gone. It hinders nothing and can be resumed. */
    LOST(false, true);

    private final boolean finished;
    private final boolean resumable;

    OperationState(boolean over, boolean resumable) {
        this.finished = over;
        this.resumable = resumable;
    }

    /** The name for records and answers. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it was brought to an end, so that nothing changes any more unless it is resumed. */
    public boolean isFinished() {
        return finished;
    }

    /** Whether a new attempt may be made at it. */
    public boolean isResumable() {
        return resumable;
    }

    static Optional<OperationState> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(state -> state.label().equals(label))
                .findFirst();
    }
}
