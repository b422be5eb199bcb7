package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/** The incomplete multipart uploads of a bucket. Their parts take space but appear in no listing of objects. */
final class IncompleteUploads {
    private final S3Client client;
    private final S3Errors errors;
    private final String bucket;

    IncompleteUploads(S3Client client, S3Errors failures, String bucket) {
        this.client = client;
        this.errors = failures;
        this.bucket = bucket;
    }

    /** Aborts the uploads under the prefix that started before this time, and returns how many. */
    long abort(String prefix, Instant startedBefore) {
        long aborted = 0;
        String nextKey = null;
        String nextUpload = null;
        ListMultipartUploadsResponse page;
        do {
            page = listPage(prefix, nextKey, nextUpload);
            for (MultipartUpload upload : page.uploads()) {
                if (upload.initiated().isBefore(startedBefore) && abort(upload)) {
                    aborted++;
                }
            }
            nextKey = page.nextKeyMarker();
            nextUpload = page.nextUploadIdMarker();
        } while (Boolean.TRUE.equals(page.isTruncated()));
        return aborted;
    }

    /** Needs both markers, because one key may have more uploads than fit on a page. */
    private ListMultipartUploadsResponse listPage(
            String prefix, @Nullable String afterKey, @Nullable String afterUpload) {
        return errors.call(
                "list the incomplete uploads of",
                prefix,
                () -> client.listMultipartUploads(request -> request.bucket(bucket)
                        .prefix(prefix)
                        .keyMarker(afterKey)
                        .uploadIdMarker(afterUpload)));
    }

    /** Returns whether the upload still existed. */
    private boolean abort(MultipartUpload upload) {
        try {
            errors.call(
                    "abort the upload of",
                    upload.key(),
                    () -> client.abortMultipartUpload(
                            request -> request.bucket(bucket).key(upload.key()).uploadId(upload.uploadId())));
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}
