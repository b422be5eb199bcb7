package dev.registrybackup.operation;

/** The attempt has to stop, or may not begin: its operation was cancelled, is over, or is carried on by a newer attempt. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final OperationState state;

    /** Says why, of an attempt that is not its operation's newest any more. */
    public FencedException(String reason) {
        this(OperationState.LOST, reason);
    }

    /**
     * Says why.
     *
     * @param became how the operation stands for that attempt: {@link OperationState#LOST} if another one carries it on
     */
    public FencedException(OperationState became, String reason) {
        super(reason);
        this.state = became;
    }

    /** How the operation stands for that attempt. */
    public OperationState state() {
        return state;
    }
}
