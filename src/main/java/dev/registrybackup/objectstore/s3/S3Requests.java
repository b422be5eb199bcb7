package dev.registrybackup.objectstore.s3;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** Requests that write, with the storage class and encryption the bucket's settings ask for. */
final class S3Requests {
    static final String CONTENT_TYPE = "application/octet-stream";

    private final String bucket;
    private final S3Settings.WriteOptions writeOptions;

    /**
     * AWS refuses a write without a checksum to a bucket whose objects are locked by default. Other stores refuse checksums
     * that follow the body, and have none before it.
     */
    private final @Nullable ChecksumAlgorithm checksum;

    S3Requests(S3Settings store) {
        this.bucket = store.bucket();
        this.writeOptions = store.writeOptions();
        this.checksum = store.endpoint().isEmpty() ? ChecksumAlgorithm.CRC32 : null;
    }

    PutObjectRequest put(String key, Map<String, String> metadata) {
        PutObjectRequest.Builder request = PutObjectRequest.builder()
                .bucket(bucket)
                .key(key)
                .checksumAlgorithm(checksum)
                .contentType(CONTENT_TYPE)
                .metadata(metadata);
        writeOptions.storageClass().ifPresent(request::storageClass);
        writeOptions.encryption().ifPresent(request::serverSideEncryption);
        writeOptions.kmsKeyId().ifPresent(request::ssekmsKeyId);
        return request.build();
    }

    PutObjectRequest putIfAbsent(String key) {
        return put(key, Map.of()).toBuilder().ifNoneMatch("*").build();
    }

    CreateMultipartUploadRequest createMultipartUpload(String key, Map<String, String> metadata) {
        CreateMultipartUploadRequest.Builder request = CreateMultipartUploadRequest.builder()
                .bucket(bucket)
                .key(key)
                .checksumAlgorithm(checksum)
                .contentType(CONTENT_TYPE)
                .metadata(metadata);
        writeOptions.storageClass().ifPresent(request::storageClass);
        writeOptions.encryption().ifPresent(request::serverSideEncryption);
        writeOptions.kmsKeyId().ifPresent(request::ssekmsKeyId);
        return request.build();
    }

    UploadPartRequest part(String key, String uploadId, int number) {
        return UploadPartRequest.builder()
                .bucket(bucket)
                .key(key)
                .uploadId(uploadId)
                .partNumber(number)
                .checksumAlgorithm(checksum)
                .build();
    }
}
