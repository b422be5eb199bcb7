package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.DigestMismatchException;
import java.io.IOException;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Translates the SDK's exceptions into {@link ObjectStoreException}, and classifies each failure. */
final class S3Errors {
    private final String store;

    S3Errors(String store) {
        this.store = store;
    }

    /**
     * Runs a request that reads or deletes an object.
     *
     * @throws ObjectStoreException if it fails; the message names the action and the object
     * @throws DigestMismatchException if the source of a body has bytes that do not match its digest
     */
    <T> T call(String action, String key, Supplier<T> request) {
        return call(action, key + " in " + store, StoreError.NOT_FOUND, request);
    }

    /** As {@link #call}, for a request that writes: a 404 then does not mean a missing object. */
    <T> T callWrite(String action, String key, Supplier<T> request) {
        return call(action, key + " in " + store, StoreError.UNAVAILABLE, request);
    }

    /** As {@link #call}, for a listing: a 404 then does not mean that there are no objects. */
    <T> T callListing(String action, String prefix, Supplier<T> request) {
        return call(action, prefix + " in " + store, StoreError.UNAVAILABLE, request);
    }

    /** As {@link #call}, for a request about the bucket itself. */
    <T> T callBucket(String action, Supplier<T> request) {
        return call(action, store, StoreError.UNAVAILABLE, request);
    }

    private static <T> T call(String action, String subject, StoreError whenNotFound, Supplier<T> request) {
        try {
            return request.get();
        } catch (RuntimeException e) {
            throw translate("Failed to " + action + " " + subject, whenNotFound, e);
        }
    }

    /** An exception of the body's source takes precedence over the failure to send the body. */
    private static RuntimeException translate(String attempted, StoreError whenNotFound, RuntimeException e) {
        boolean inputOrOutput = false;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof DigestMismatchException mismatch) {
                return mismatch;
            }
            if (cause instanceof ObjectStoreException other) {
                return other;
            }
            inputOrOutput |= cause instanceof IOException || cause instanceof SdkException;
        }
        if (!inputOrOutput) {
            return e;
        }
        StoreError error = error(e) == StoreError.NOT_FOUND ? whenNotFound : error(e);
        return new ObjectStoreException(error, "%s: %s".formatted(attempted, reason(e) + remedy(error)), e);
    }

    /** Classifies what a request failed with. */
    static StoreError error(RuntimeException e) {
        if (!(e instanceof AwsServiceException answer)) {
            return StoreError.UNAVAILABLE;
        }
        return switch (answer.statusCode()) {
            case 404 ->
                switch (errorCode(answer)) {
                    case "NoSuchBucket" -> StoreError.BUCKET_MISSING;
                    case "NoSuchKey", "NoSuchVersion", "NoSuchUpload" -> StoreError.NOT_FOUND;
                    // A proxy without a route to the store answers 404 too, for any object.
                    default -> StoreError.UNAVAILABLE;
                };
            case 409 -> isConditionalConflict(answer) ? StoreError.UNAVAILABLE : StoreError.BAD_REQUEST;
            case 401, 403 -> StoreError.FORBIDDEN;
            case 412, 416 -> StoreError.PRECONDITION_FAILED;
            case 429 -> StoreError.THROTTLED;
            case 503 -> "SlowDown".equals(errorCode(answer)) ? StoreError.THROTTLED : StoreError.UNAVAILABLE;
            // CompleteMultipartUpload may answer 200 first, and send an error in the body.
            default ->
                answer.statusCode() >= 500 || answer.statusCode() < 300
                        ? StoreError.UNAVAILABLE
                        : StoreError.BAD_REQUEST;
        };
    }

    /**
     * Whether a conditional write ran into a concurrent write or deletion of its key. The outcome is undecided, and AWS
     * asks for a retry.
     */
    static boolean isConditionalConflict(Throwable e) {
        return e instanceof AwsServiceException answer && "ConditionalRequestConflict".equals(errorCode(answer));
    }

    /** Whether the store answered 405, as it does to a request for the version of a delete marker. */
    static boolean isMethodNotAllowed(ObjectStoreException e) {
        return e.getCause() instanceof AwsServiceException answer && answer.statusCode() == 405;
    }

    /**
     * Whether the response came from the store itself, which adds a request id, and not from a proxy. Needed for
     * responses without a body: the SDK turns any 404 to a HEAD into NoSuchKey. Always false for a store without
     * request ids.
     */
    static boolean isOfTheStore(ObjectStoreException e) {
        return e.getCause() instanceof AwsServiceException answer && answer.requestId() != null;
    }

    private static String reason(RuntimeException e) {
        if (e instanceof AwsServiceException answer
                && answer.statusCode() == 404
                && errorCode(answer).isEmpty()) {
            return "the response was 404 without an S3 error code, as from a proxy without a route to the store. Check the"
                    + " proxies between this process and the store";
        }
        if (e instanceof AwsServiceException answer) {
            return "the store answered %d %s"
                    .formatted(answer.statusCode(), errorCode(answer))
                    .strip();
        }
        StringBuilder reasons = new StringBuilder(String.valueOf(e.getMessage()));
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && reasons.indexOf(cause.getMessage()) < 0) {
                reasons.append(": ").append(cause.getMessage());
            }
        }
        return reasons.toString();
    }

    private static String errorCode(AwsServiceException answer) {
        return answer.awsErrorDetails() == null || answer.awsErrorDetails().errorCode() == null
                ? ""
                : answer.awsErrorDetails().errorCode();
    }

    private static String remedy(StoreError error) {
        return switch (error) {
            case BUCKET_MISSING -> ". Create the bucket or correct its name in the configuration";
            case FORBIDDEN ->
                ". Check the credentials and their right to list the bucket:"
                        + " without it, a store sends this answer for missing objects too";
            case PRECONDITION_FAILED -> ". The object was overwritten meanwhile";
            case NOT_FOUND, THROTTLED, UNAVAILABLE, BAD_REQUEST -> "";
        };
    }
}
