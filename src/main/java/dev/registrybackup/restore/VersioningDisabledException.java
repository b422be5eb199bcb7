package dev.registrybackup.restore;

/** A request has a time, but the backup keeps no versions. */
public final class VersioningDisabledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    VersioningDisabledException(String message) {
        super(message);
    }
}
