package dev.registrybackup.restore;

/** An older state is asked for, of a backup that keeps no versions. */
public final class VersioningDisabledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    VersioningDisabledException(String message) {
        super(message);
    }
}
