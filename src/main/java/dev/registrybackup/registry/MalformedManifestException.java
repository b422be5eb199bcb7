package dev.registrybackup.registry;

/** Bytes that should be a manifest are not a JSON object. */
public final class MalformedManifestException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedManifestException(String message, Throwable cause) {
        super(message, cause);
    }
}
