package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.DigestMismatchException;
import java.io.IOException;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Turns what the SDK throws into the port's exception, with its reason told once and for all here. */
final class S3Errors {
    private final String store;

    S3Errors(String store) {
        this.store = store;
    }

    /** Does it, and names action and object if it fails. Wrong bytes come back as the exception they were found with. */
    <T> T call(String action, String key, Supplier<T> request) {
        return call(action, key + " in " + store, StoreError.NOT_FOUND, request);
    }

    /** As the other, for a request that writes: whatever is not found then, it is not the object. */
    <T> T callWrite(String action, String key, Supplier<T> request) {
        return call(action, key + " in " + store, StoreError.UNAVAILABLE, request);
    }

    /** As the other, where the bucket itself is asked about. */
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

    /** What the source of a body threw while it was sent here is the answer, not that sending it failed. */
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

    private static StoreError error(RuntimeException e) {
        if (!(e instanceof AwsServiceException answer)) {
            return StoreError.UNAVAILABLE;
        }
        return switch (answer.statusCode()) {
            case 404 ->
                switch (errorCode(answer)) {
                    case "NoSuchBucket" -> StoreError.BUCKET_MISSING;
                    case "NoSuchKey", "NoSuchVersion", "NoSuchUpload" -> StoreError.NOT_FOUND;
                    // A proxy that has no route to the store says so too, for any object.
                    default -> StoreError.UNAVAILABLE;
                };
            case 409 -> isConditionalConflict(answer) ? StoreError.UNAVAILABLE : StoreError.BAD_REQUEST;
            case 401, 403 -> StoreError.FORBIDDEN;
            case 412, 416 -> StoreError.PRECONDITION_FAILED;
            case 429 -> StoreError.THROTTLED;
            case 503 -> "SlowDown".equals(errorCode(answer)) ? StoreError.THROTTLED : StoreError.UNAVAILABLE;
            // CompleteMultipartUpload answers 200 before it knows, and an error inside of it.
            default ->
                answer.statusCode() >= 500 || answer.statusCode() < 300
                        ? StoreError.UNAVAILABLE
                        : StoreError.BAD_REQUEST;
        };
    }

    /**
     * Whether a conditional write met another write or a removal of its key that was under way. It says neither yes nor no:
     * AWS asks to send it again.
     */
    static boolean isConditionalConflict(Throwable e) {
        return e instanceof AwsServiceException answer && "ConditionalRequestConflict".equals(errorCode(answer));
    }

    /** Whether the store answered 405, as it does when a delete marker is asked for by its version. */
    static boolean isMethodNotAllowed(ObjectStoreException e) {
        return e.getCause() instanceof AwsServiceException answer && answer.statusCode() == 405;
    }

    /**
     * Whether the store itself answered, which gives each answer an id, and not something in front of it. Tells the two
     * apart where an answer has no body: the SDK makes NoSuchKey of any 404 to a HEAD. A store that gives no ids is not
     * known by this.
     */
    static boolean isOfTheStore(ObjectStoreException e) {
        return e.getCause() instanceof AwsServiceException answer && answer.requestId() != null;
    }

    private static String reason(RuntimeException e) {
        if (e instanceof AwsServiceException answer
                && answer.statusCode() == 404
                && errorCode(answer).isEmpty()) {
            return "the answer was 404 without an S3 error code, as that of a proxy that has no route to the store. Look at"
                    + " what is between here and the store";
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
                ". Check the credentials, and that they may list the bucket:"
                        + " without that right absent objects are answered like this too";
            case PRECONDITION_FAILED -> ". The object was written again meanwhile";
            case NOT_FOUND, THROTTLED, UNAVAILABLE, BAD_REQUEST -> "";
        };
    }
}
