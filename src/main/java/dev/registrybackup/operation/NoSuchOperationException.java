package dev.registrybackup.operation;

/** There is no operation of that id. */
public final class NoSuchOperationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Names what there is not, and where. */
    public NoSuchOperationException(OperationId id, String bucket) {
        super("There is no operation %s in %s: it was dropped after %d days, or asked for with another backup bucket"
                .formatted(id, bucket, OperationService.RETENTION.toDays()));
    }
}
