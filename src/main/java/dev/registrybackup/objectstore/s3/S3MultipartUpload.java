package dev.registrybackup.objectstore.s3;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** A multipart upload under way. One thread at a time. */
final class S3MultipartUpload implements MultipartUpload {
    private static final System.Logger LOGGER = System.getLogger(S3MultipartUpload.class.getName());

    private final S3Client client;
    private final S3Errors errors;
    private final S3Requests writing;
    private final String bucket;
    private final String key;
    private final String uploadId;
    private final List<CompletedPart> parts = new ArrayList<>();
    private boolean complete;

    S3MultipartUpload(S3Client client, S3Errors failures, S3Requests writing, String bucket, String key, String id) {
        this.client = client;
        this.errors = failures;
        this.writing = writing;
        this.bucket = bucket;
        this.key = key;
        this.uploadId = id;
    }

    @Override
    public void uploadPart(ContentSource content) {
        int number = parts.size() + 1;
        try (ReplayableRequestBody body = new ReplayableRequestBody(content)) {
            UploadPartResponse answer = errors.callWrite(
                    "write part " + number + " of",
                    key,
                    () -> client.uploadPart(writing.part(key, uploadId, number), body.asRequestBody()));
            parts.add(CompletedPart.builder()
                    .partNumber(number)
                    .eTag(answer.eTag())
                    .checksumCRC32(answer.checksumCRC32())
                    .build());
        }
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
                    "give up writing",
                    key,
                    () -> client.abortMultipartUpload(
                            request -> request.bucket(bucket).key(key).uploadId(uploadId)));
        } catch (ObjectStoreException e) {
            LogEvent.of("upload-not-aborted")
                    .with("key", key)
                    .with("reason", e.getMessage())
                    .with("remedy", "the bucket's lifecycle rule for incomplete multipart uploads")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
