package dev.registrybackup.restore;

/** The backup has nothing in the requested scope. */
public final class UnknownScopeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message names the scope and the time. */
    public UnknownScopeException(String message) {
        super(message);
    }

    static UnknownScopeException of(RestoreRequest request) {
        return new UnknownScopeException("The backup has nothing of %s%s"
                .formatted(
                        request.scope().toJson(),
                        request.at().map(time -> " as of " + time).orElse("")));
    }
}
