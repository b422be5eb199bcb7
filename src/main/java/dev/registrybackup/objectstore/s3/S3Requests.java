package dev.registrybackup.objectstore.s3;

import java.util.Map;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;

/** Builds requests that write, with the storage class and encryption from the store's settings. */
final class S3Requests {
    private static final String CONTENT_TYPE = "application/octet-stream";

    private final S3HttpClient client;
    private final S3Settings.WriteOptions writeOptions;
    private final boolean sendsChecksums;

    S3Requests(S3Settings store, S3HttpClient client) {
        this.client = client;
        this.writeOptions = store.writeOptions();
        this.sendsChecksums = S3Clients.sendsChecksums(store);
    }

    SdkHttpRequest.Builder put(String key, Map<String, String> metadata) {
        return write(SdkHttpMethod.PUT, key, metadata);
    }

    private SdkHttpRequest.Builder write(SdkHttpMethod method, String key, Map<String, String> metadata) {
        SdkHttpRequest.Builder request = client.objectRequest(method, key).putHeader("Content-Type", CONTENT_TYPE);
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

    SdkHttpRequest.Builder createUpload(String key, Map<String, String> metadata) {
        SdkHttpRequest.Builder request =
                write(SdkHttpMethod.POST, key, metadata).putRawQueryParameter("uploads", "");
        return sendsChecksums ? request.putHeader("x-amz-checksum-algorithm", "CRC32") : request;
    }

    SdkHttpRequest.Builder part(String key, String uploadId, int number) {
        return upload(SdkHttpMethod.PUT, key, uploadId).putRawQueryParameter("partNumber", Integer.toString(number));
    }

    SdkHttpRequest.Builder completeUpload(String key, String uploadId) {
        return upload(SdkHttpMethod.POST, key, uploadId).putHeader("Content-Type", "application/xml");
    }

    SdkHttpRequest.Builder abortUpload(String key, String uploadId) {
        return upload(SdkHttpMethod.DELETE, key, uploadId);
    }

    private SdkHttpRequest.Builder upload(SdkHttpMethod method, String key, String uploadId) {
        return client.objectRequest(method, key).putRawQueryParameter("uploadId", uploadId);
    }
}
