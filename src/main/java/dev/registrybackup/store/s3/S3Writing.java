package dev.registrybackup.store.s3;

import java.util.Map;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** Requests that write, with the storage class and encryption the bucket's settings ask for. */
final class S3Writing {
    static final String CONTENT_TYPE = "application/octet-stream";

    private final String bucket;
    private final S3Settings.Writing settings;

    S3Writing(String bucket, S3Settings.Writing settings) {
        this.bucket = bucket;
        this.settings = settings;
    }

    PutObjectRequest put(String key, Map<String, String> metadata) {
        PutObjectRequest.Builder request = PutObjectRequest.builder()
                .bucket(bucket)
                .key(key)
                .contentType(CONTENT_TYPE)
                .metadata(metadata);
        settings.storageClass().ifPresent(request::storageClass);
        settings.encryption().ifPresent(request::serverSideEncryption);
        settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
        return request.build();
    }

    PutObjectRequest putIfAbsent(String key) {
        return put(key, Map.of()).toBuilder().ifNoneMatch("*").build();
    }

    CreateMultipartUploadRequest multipart(String key, Map<String, String> metadata) {
        CreateMultipartUploadRequest.Builder request = CreateMultipartUploadRequest.builder()
                .bucket(bucket)
                .key(key)
                .contentType(CONTENT_TYPE)
                .metadata(metadata);
        settings.storageClass().ifPresent(request::storageClass);
        settings.encryption().ifPresent(request::serverSideEncryption);
        settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
        return request.build();
    }
}
