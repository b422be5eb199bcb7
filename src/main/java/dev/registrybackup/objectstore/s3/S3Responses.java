package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectInfo;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Reads facts about an object from a store's answers. */
final class S3Responses {
    private S3Responses() {}

    static ObjectInfo toObjectInfo(String key, HeadObjectResponse answer) {
        return new ObjectInfo(
                key,
                given(answer.contentLength(), "Content-Length"),
                S3Listing.stripQuotes(answer.eTag()),
                given(answer.lastModified(), "Last-Modified"),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    static ObjectInfo toObjectInfo(String key, GetObjectResponse answer) {
        return new ObjectInfo(
                key,
                objectSize(answer),
                S3Listing.stripQuotes(answer.eTag()),
                given(answer.lastModified(), "Last-Modified"),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    /** All stores give these; what is between may take them away. */
    private static <T> T given(@Nullable T value, String header) {
        if (value == null) {
            throw SdkClientException.create(
                    "the answer has no " + header + ". Look at what is between here and the store");
        }
        return value;
    }

    /** Header names come in any case, and some servers change it. */
    private static Map<String, String> lowerCase(Map<String, String> metadata) {
        return metadata.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> entry.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue, (one, other) -> one));
    }

    private static long objectSize(GetObjectResponse answer) {
        long length = given(answer.contentLength(), "Content-Length");
        String range = answer.contentRange();
        return range == null ? length : Long.parseLong(range.substring(range.indexOf('/') + 1));
    }
}
