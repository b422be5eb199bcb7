package dev.registrybackup.objectstore.s3;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/** A running multipart upload. For one thread at a time. */
final class S3MultipartUpload implements MultipartUpload {
    private static final System.Logger LOGGER = System.getLogger(S3MultipartUpload.class.getName());

    private final S3Client client;
    private final S3Errors errors;
    private final S3HttpClient http;
    private final S3Requests requests;
    private final String bucket;
    private final String key;
    private final String uploadId;
    private final List<CompletedPart> parts = new ArrayList<>();
    private boolean complete;

    S3MultipartUpload(
            S3Client client,
            S3HttpClient http,
            S3Errors errors,
            S3Requests requests,
            String bucket,
            String key,
            String id) {
        this.client = client;
        this.http = http;
        this.errors = errors;
        this.requests = requests;
        this.bucket = bucket;
        this.key = key;
        this.uploadId = id;
    }

    @Override
    public void uploadPart(ContentSource content) {
        int number = parts.size() + 1;
        SdkHttpResponse answer = errors.callWrite(
                "write part " + number + " of",
                key,
                () -> http.sendContent(requests.part(key, uploadId, number), content, true));
        parts.add(CompletedPart.builder()
                .partNumber(number)
                .eTag(answer.firstMatchingHeader("ETag").orElse(null))
                .checksumCRC32(
                        answer.firstMatchingHeader("x-amz-checksum-crc32").orElse(null))
                .build());
    }

    @Override
    public void complete() {
        errors.callWrite(
                "complete",
                key,
                () -> client.completeMultipartUpload(request -> request.bucket(bucket)
                        .key(key)
                        .uploadId(uploadId)
                        .multipartUpload(upload -> upload.parts(parts))));
        complete = true;
    }

    @Override
    public void close() {
        if (complete) {
            return;
        }
        try {
            errors.call(
                    "abort the upload of",
                    key,
                    () -> client.abortMultipartUpload(
                            request -> request.bucket(bucket).key(key).uploadId(uploadId)));
        } catch (ObjectStoreException e) {
            LogEvent.of("upload-not-aborted")
                    .with("key", key)
                    .with("reason", e.getMessage())
                    .with("remedy", "none: the bucket's lifecycle rule for incomplete multipart uploads aborts it")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
