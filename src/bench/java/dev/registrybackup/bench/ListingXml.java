package dev.registrybackup.bench;

import dev.registrybackup.bench.ServedBucket.ListQuery;
import dev.registrybackup.bench.ServedBucket.Page;
import java.nio.charset.StandardCharsets;

/** Listings of a bucket, in the form of S3; no key has a character that would have to be escaped. */
final class ListingXml {
    static final String NO_UPLOADS =
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
    static final String NO_VERSIONING = "<VersioningConfiguration></VersioningConfiguration>";
    static final byte[] NO_SUCH_KEY = "<Error><Code>NoSuchKey</Code></Error>".getBytes(StandardCharsets.US_ASCII);

    private static final String MODIFIED = "2026-01-01T00:00:00.000Z";

    private final String name;
    private final ServedBucket bucket;
    private final StringBuilder text = new StringBuilder();

    ListingXml(String name, ServedBucket bucket) {
        this.name = name;
        this.bucket = bucket;
    }

    /** Both versions of the answer in one: each client reads the marker that it knows. */
    String objects(ListQuery listQuery) {
        Page page = begin("ListBucketResult", listQuery);
        page.next().ifPresent(next -> {
            element("NextContinuationToken", next);
            element("NextMarker", next);
        });
        page.keys().forEach(key -> entry("Contents", key, ""));
        return end("ListBucketResult", page);
    }

    /** Of a bucket that keeps none: what is there is its only version. */
    String versions(ListQuery listQuery) {
        Page page = begin("ListVersionsResult", listQuery);
        page.next().ifPresent(next -> {
            element("NextKeyMarker", next);
            element("NextVersionIdMarker", "null");
        });
        page.keys().forEach(key -> entry("Version", key, "<VersionId>null</VersionId><IsLatest>true</IsLatest>"));
        return end("ListVersionsResult", page);
    }

    private Page begin(String root, ListQuery listQuery) {
        Page page = bucket.list(listQuery);
        text.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?><").append(root);
        text.append(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        element("Name", name);
        element("Prefix", listQuery.prefix());
        element("MaxKeys", Integer.toString(listQuery.most()));
        element(
                "KeyCount",
                Integer.toString(page.keys().size() + page.commonPrefixes().size()));
        element("IsTruncated", Boolean.toString(page.next().isPresent()));
        return page;
    }

    private String end(String root, Page page) {
        page.commonPrefixes().forEach(prefix -> {
            text.append("<CommonPrefixes>");
            element("Prefix", prefix);
            text.append("</CommonPrefixes>");
        });
        return text.append("</").append(root).append('>').toString();
    }

    private void entry(String element, String key, String more) {
        ServedObject object = bucket.find(key).orElseGet(() -> ServedObject.of(new byte[0]));
        text.append('<').append(element).append('>');
        element("Key", key);
        element("LastModified", MODIFIED);
        element("ETag", "&quot;" + object.etag() + "&quot;");
        element("Size", Long.toString(object.size()));
        element("StorageClass", "STANDARD");
        text.append(more).append("</").append(element).append('>');
    }

    private void element(String element, String content) {
        text.append('<')
                .append(element)
                .append('>')
                .append(content)
                .append("</")
                .append(element)
                .append('>');
    }
}
