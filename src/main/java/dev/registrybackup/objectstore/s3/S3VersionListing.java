package dev.registrybackup.objectstore.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectVersion;
import java.time.Instant;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteMarkerEntry;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;

/**
 * A listing of versions as a stream, a page at a time. The answer has versions and delete markers in two lists, each in
 * order; they are one order again here.
 */
final class S3VersionListing implements Iterator<List<ObjectVersion>> {
    private static final Comparator<VersionEntry> ORDER = Comparator.comparing(
                    (VersionEntry versionEntry) -> versionEntry.version().key())
            .thenComparing(
                    versionEntry -> versionEntry.version().lastModified(),
                    Comparator.<Instant>naturalOrder().reversed())
            .thenComparing(versionEntry -> !versionEntry.isLatest());

    /** A version, and whether it is its object's newest, which decides between those of one second. */
    private record VersionEntry(ObjectVersion version, boolean isLatest) {}

    private final S3Client client;
    private final S3Errors errors;
    private final String bucket;
    private final String prefix;

    private @Nullable String nextKey;
    private @Nullable String nextVersion;
    private boolean hasMore = true;

    private S3VersionListing(S3Client client, S3Errors failures, String bucket, String prefix) {
        this.client = client;
        this.errors = failures;
        this.bucket = bucket;
        this.prefix = prefix;
    }

    @MustBeClosed
    static Stream<ObjectVersion> of(S3Client client, S3Errors failures, String bucket, String prefix) {
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(new S3VersionListing(client, failures, bucket, prefix), 0),
                        false)
                .flatMap(List::stream);
    }

    @Override
    public boolean hasNext() {
        return hasMore;
    }

    @Override
    public List<ObjectVersion> next() {
        if (!hasMore) {
            throw new NoSuchElementException("All versions under %s are listed".formatted(prefix));
        }
        ListObjectVersionsResponse page = errors.call(
                "list the versions of",
                prefix,
                () -> client.listObjectVersions(request ->
                        request.bucket(bucket).prefix(prefix).keyMarker(nextKey).versionIdMarker(nextVersion)));
        hasMore = Boolean.TRUE.equals(page.isTruncated());
        nextKey = page.nextKeyMarker();
        nextVersion = page.nextVersionIdMarker();
        return toVersions(page);
    }

    private static List<ObjectVersion> toVersions(ListObjectVersionsResponse page) {
        return Stream.concat(
                        page.versions().stream().map(S3VersionListing::toEntry),
                        page.deleteMarkers().stream().map(S3VersionListing::toDeleteMarkerEntry))
                .sorted(ORDER)
                .map(VersionEntry::version)
                .toList();
    }

    private static VersionEntry toEntry(software.amazon.awssdk.services.s3.model.ObjectVersion version) {
        return new VersionEntry(
                new ObjectVersion(
                        version.key(),
                        version.versionId(),
                        version.size(),
                        S3Listing.stripQuotes(version.eTag()),
                        version.lastModified(),
                        false),
                Boolean.TRUE.equals(version.isLatest()));
    }

    private static VersionEntry toDeleteMarkerEntry(DeleteMarkerEntry marker) {
        return new VersionEntry(
                new ObjectVersion(marker.key(), marker.versionId(), 0, "", marker.lastModified(), true),
                Boolean.TRUE.equals(marker.isLatest()));
    }
}
