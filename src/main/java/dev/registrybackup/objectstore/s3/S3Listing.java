package dev.registrybackup.objectstore.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A listing as a stream, a page at a time. */
final class S3Listing implements Iterator<Stream<ObjectInfo>> {
    private final Iterator<ListObjectsV2Response> pages;
    private final S3Errors errors;
    private final String prefix;

    private S3Listing(Iterator<ListObjectsV2Response> pages, S3Errors failures, String prefix) {
        this.pages = pages;
        this.errors = failures;
        this.prefix = prefix;
    }

    @MustBeClosed
    static Stream<ObjectInfo> of(S3Client client, S3Errors failures, String bucket, String prefix) {
        Iterator<ListObjectsV2Response> pages = client.listObjectsV2Paginator(
                        request -> request.bucket(bucket).prefix(prefix))
                .iterator();
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(new S3Listing(pages, failures, prefix), 0), false)
                .flatMap(page -> page);
    }

    @Override
    public boolean hasNext() {
        return errors.call("list", prefix, pages::hasNext);
    }

    @Override
    public Stream<ObjectInfo> next() {
        return errors.call("list", prefix, pages::next).contents().stream().map(S3Listing::toObjectInfo);
    }

    private static ObjectInfo toObjectInfo(S3Object object) {
        return new ObjectInfo(
                object.key(),
                object.size(),
                stripQuotes(object.eTag()),
                object.lastModified(),
                Map.of(),
                Optional.empty());
    }

    /** Empty for a store that gives none, as S3Proxy does for files that it did not write. */
    static String stripQuotes(@Nullable String etag) {
        String given = etag == null ? "" : etag;
        return given.startsWith("\"") && given.endsWith("\"") && given.length() > 1
                ? given.substring(1, given.length() - 1)
                : given;
    }
}
