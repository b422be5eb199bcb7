package dev.registrybackup.objectstore.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.s3.S3Documents.ListingPage;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * Lists objects, versions and delete markers, or incomplete uploads, page by page. Versions and delete markers come in
 * one order: by key, the newest of each key first.
 */
final class S3Listing implements Iterator<List<ObjectVersion>> {
    private final S3HttpClient client;
    private final S3Errors errors;
    private final String action;
    private final String prefix;
    /** The query parameter that selects the kind of listing. */
    private final String kind;
    /** The query parameters of the next page, by the name of the element that has the value. */
    private final Map<String, String> markers;

    private SdkHttpRequest.Builder next;
    private boolean hasNext = true;

    private S3Listing(
            S3HttpClient client,
            S3Errors errors,
            String action,
            String prefix,
            String kind,
            Map<String, String> markers) {
        this.client = client;
        this.errors = errors;
        this.action = action;
        this.prefix = prefix;
        this.kind = kind;
        this.markers = markers;
        this.next = request();
    }

    @MustBeClosed
    static Stream<ObjectInfo> ofObjects(S3HttpClient client, S3Errors errors, String prefix) {
        return entries(new S3Listing(
                        client,
                        errors,
                        "list",
                        prefix,
                        "list-type",
                        Map.of("NextContinuationToken", "continuation-token")))
                .map(object -> new ObjectInfo(
                        object.key(), object.size(), object.etag(), object.lastModified(), Map.of(), Optional.empty()));
    }

    @MustBeClosed
    static Stream<ObjectVersion> ofVersions(S3HttpClient client, S3Errors errors, String prefix) {
        return entries(new S3Listing(
                client,
                errors,
                "list the versions of",
                prefix,
                "versions",
                Map.of("NextKeyMarker", "key-marker", "NextVersionIdMarker", "version-id-marker")));
    }

    /** Lists the incomplete multipart uploads: the version is the upload's id, and the time that of its start. */
    @MustBeClosed
    static Stream<ObjectVersion> ofUploads(S3HttpClient client, S3Errors errors, String prefix) {
        return entries(new S3Listing(
                client,
                errors,
                "list the incomplete uploads of",
                prefix,
                "uploads",
                // Both, because one key may have more uploads than fit on a page.
                Map.of("NextKeyMarker", "key-marker", "NextUploadIdMarker", "upload-id-marker")));
    }

    private static Stream<ObjectVersion> entries(S3Listing pages) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(pages, 0), false)
                .flatMap(List::stream);
    }

    private SdkHttpRequest.Builder request() {
        return client.bucketRequest(SdkHttpMethod.GET)
                .putRawQueryParameter(kind, kind.equals("list-type") ? "2" : "")
                .putRawQueryParameter("prefix", prefix);
    }

    @Override
    public boolean hasNext() {
        return hasNext;
    }

    @Override
    public List<ObjectVersion> next() {
        if (!hasNext) {
            throw new NoSuchElementException("The listing of %s has no more pages".formatted(prefix));
        }
        ListingPage page =
                errors.callListing(action, prefix, () -> client.send(next, Optional.empty(), S3Listing::read));
        next = request();
        markers.forEach((element, parameter) -> Optional.ofNullable(page.facts().get(element))
                .filter(value -> !value.isEmpty())
                .ifPresent(value -> next.putRawQueryParameter(parameter, value)));
        hasNext = page.hasNext();
        return page.entries();
    }

    private static ListingPage read(SdkHttpResponse answer, AbortableInputStream body) throws IOException {
        try (body) {
            return S3Documents.listingPage(body);
        }
    }
}
