package dev.registrybackup.store.s3;

import dev.registrybackup.store.ObjectInfo;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Reads facts about an object from a store's answers. */
final class S3Answers {
    private S3Answers() {}

    static ObjectInfo info(String key, HeadObjectResponse answer) {
        return new ObjectInfo(
                key,
                answer.contentLength(),
                S3Listing.unquoted(answer.eTag()),
                answer.lastModified(),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    static ObjectInfo info(String key, GetObjectResponse answer) {
        return new ObjectInfo(
                key,
                wholeSize(answer),
                S3Listing.unquoted(answer.eTag()),
                answer.lastModified(),
                lowerCase(answer.metadata()),
                Optional.ofNullable(answer.versionId()));
    }

    /** Header names come in any case, and some servers change it. */
    private static Map<String, String> lowerCase(Map<String, String> metadata) {
        return metadata.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> entry.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue, (one, other) -> one));
    }

    private static long wholeSize(GetObjectResponse answer) {
        String range = answer.contentRange();
        return range == null ? answer.contentLength() : Long.parseLong(range.substring(range.indexOf('/') + 1));
    }
}
