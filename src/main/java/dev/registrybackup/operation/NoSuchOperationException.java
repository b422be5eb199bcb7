package dev.registrybackup.operation;

/** There is no operation with this id. */
public final class NoSuchOperationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message names the id and the bucket. */
    public NoSuchOperationException(OperationId id, String bucket) {
        super("There is no operation %s in %s: it was deleted after %d days, or requested with another backup bucket"
                .formatted(id, bucket, OperationService.RETENTION.toDays()));
    }
}
