package dev.registrybackup.registry;

/** A link's content is not what a registry writes there. It will not get better by trying again. */
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
