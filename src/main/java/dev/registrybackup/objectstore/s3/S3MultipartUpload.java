package dev.registrybackup.objectstore.s3;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.s3.S3Documents.Part;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpResponse;

/** A running multipart upload. For one thread at a time. */
final class S3MultipartUpload implements MultipartUpload {
    private static final System.Logger LOGGER = System.getLogger(S3MultipartUpload.class.getName());

    private final S3Errors errors;
    private final S3HttpClient http;
    private final S3Requests requests;
    private final String key;
    private final String uploadId;
    private final List<Part> parts = new ArrayList<>();
    private boolean complete;

    S3MultipartUpload(S3HttpClient http, S3Errors errors, S3Requests requests, String key, String id) {
        this.http = http;
        this.errors = errors;
        this.requests = requests;
        this.key = key;
        this.uploadId = id;
    }

    @Override
    public void uploadPart(ContentSource content) {
        int number = parts.size() + 1;
        SdkHttpResponse answer = errors.callWrite(
                "write part " + number + " of",
                key,
                () -> http.sendContent(requests.part(key, uploadId, number), content, true, S3HttpClient::headers));
        parts.add(new Part(
                answer.firstMatchingHeader("ETag").orElse(""), answer.firstMatchingHeader("x-amz-checksum-crc32")));
    }

    @Override
    public void complete() {
        errors.callWrite(
                "complete",
                key,
                () -> http.post(
                        requests.completeUpload(key, uploadId),
                        S3Documents.completion(parts),
                        "CompleteMultipartUploadResult",
                        "ETag"));
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
                    () -> http.send(requests.abortUpload(key, uploadId), Optional.empty(), S3HttpClient::headers));
        } catch (ObjectStoreException e) {
            LogEvent.of("upload-not-aborted")
                    .with("key", key)
                    .with("reason", e.getMessage())
                    .with("remedy", "none: the bucket's lifecycle rule for incomplete multipart uploads aborts it")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
