package dev.registrybackup.restore;

import java.util.List;

/** A restore was not begun, since something was not as it has to be. The message has each point and what mends it. */
public final class PreflightException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Says what was found and what mends it, a sentence or two for each point. */
    public PreflightException(List<String> missing) {
        super("Nothing was written, since this is not as it has to be:\n" + String.join("\n", missing));
    }
}
