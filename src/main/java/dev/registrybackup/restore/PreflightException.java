package dev.registrybackup.restore;

import java.util.List;

/** A restore did not start because its preflight failed. The message has each failed check and its remedy. */
public final class PreflightException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Lists the failed checks, each with its remedy. */
    public PreflightException(List<String> missing) {
        super("The restore wrote nothing because its preflight failed:\n" + String.join("\n", missing));
    }
}
