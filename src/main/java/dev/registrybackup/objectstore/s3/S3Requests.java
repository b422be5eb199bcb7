package dev.registrybackup.objectstore.s3;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;

/** Builds requests that write, with the storage class and encryption from the store's settings. */
final class S3Requests {
    private static final String CONTENT_TYPE = "application/octet-stream";

    private final S3HttpClient client;
    private final String bucket;
    private final S3Settings.WriteOptions writeOptions;
    private final @Nullable ChecksumAlgorithm checksum;

    S3Requests(S3Settings store, S3HttpClient client) {
        this.client = client;
        this.bucket = store.bucket();
        this.writeOptions = store.writeOptions();
        this.checksum = S3Clients.sendsChecksums(store) ? ChecksumAlgorithm.CRC32 : null;
    }

    SdkHttpRequest.Builder put(String key, Map<String, String> metadata) {
        SdkHttpRequest.Builder request =
                client.objectRequest(SdkHttpMethod.PUT, key).putHeader("Content-Type", CONTENT_TYPE);
        metadata.forEach((name, value) -> request.putHeader("x-amz-meta-" + name, value));
        writeOptions.storageClass().ifPresent(value -> request.putHeader("x-amz-storage-class", value));
        writeOptions.encryption().ifPresent(value -> request.putHeader("x-amz-server-side-encryption", value));
        writeOptions
                .kmsKeyId()
                .ifPresent(value -> request.putHeader("x-amz-server-side-encryption-aws-kms-key-id", value));
        return request;
    }

    SdkHttpRequest.Builder putIfAbsent(String key, Map<String, String> metadata) {
        return put(key, metadata).putHeader("If-None-Match", "*");
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

    SdkHttpRequest.Builder part(String key, String uploadId, int number) {
        return client.objectRequest(SdkHttpMethod.PUT, key)
                .putRawQueryParameter("partNumber", Integer.toString(number))
                .putRawQueryParameter("uploadId", uploadId);
    }
}
