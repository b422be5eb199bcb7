package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectInfo;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpResponse;

/** Reads facts about an object from response headers. */
final class S3Responses {
    private static final String METADATA_PREFIX = "x-amz-meta-";

    private S3Responses() {}

    /**
     * The facts in a response to a HEAD or a GET.
     *
     * @throws SdkClientException if a required header is missing or invalid
     */
    static ObjectInfo toObjectInfo(String key, SdkHttpResponse answer) {
        String range = answer.firstMatchingHeader("Content-Range").orElse("");
        return new ObjectInfo(
                key,
                range.isEmpty() ? contentLength(answer) : Long.parseLong(range.substring(range.indexOf('/') + 1)),
                stripQuotes(answer.firstMatchingHeader("ETag").orElse("")),
                lastModified(answer),
                metadata(answer),
                versionId(answer));
    }

    /** The length of the response's body in bytes. */
    static long contentLength(SdkHttpResponse answer) {
        return Long.parseLong(required(answer, "Content-Length"));
    }

    /** The version read or written, where the store keeps versions. */
    static Optional<String> versionId(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("x-amz-version-id");
    }

    /** The ETag without quotes; empty if the store sends none, as S3Proxy does for files that it did not write. */
    static String stripQuotes(String etag) {
        return etag.startsWith("\"") && etag.endsWith("\"") && etag.length() > 1
                ? etag.substring(1, etag.length() - 1)
                : etag;
    }

    private static Instant lastModified(SdkHttpResponse answer) {
        String text = required(answer, "Last-Modified");
        try {
            return DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
        } catch (DateTimeException e) {
            throw SdkClientException.create("the response's Last-Modified is not a date: " + text, e);
        }
    }

    /** All stores send these headers, but a proxy may remove them. */
    private static String required(SdkHttpResponse answer, String header) {
        return answer.firstMatchingHeader(header)
                .orElseThrow(() -> SdkClientException.create("the response has no header " + header
                        + ". Check the proxies between this process and the store"));
    }

    /** Lower-cases header names, because some servers change their case. */
    private static Map<String, String> metadata(SdkHttpResponse answer) {
        Map<String, String> metadata = new HashMap<>();
        answer.forEachHeader((String header, List<String> values) -> {
            String name = header.toLowerCase(Locale.ROOT);
            if (name.startsWith(METADATA_PREFIX)) {
                metadata.put(name.substring(METADATA_PREFIX.length()), values.get(0));
            }
        });
        return metadata;
    }
}
