package dev.registrybackup.registry;

/** A link's content is not a digest. A retry does not help. */
public final class MalformedLinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says what is wrong with the content. */
    public MalformedLinkException(String message) {
        super(message);
    }

    MalformedLinkException(String message, Throwable cause) {
        super(message, cause);
    }
}
