package dev.registrybackup.lab;

import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/** The shortest upload in parts there is, for tests of what a store makes of it. */
final class Multipart {

    private Multipart() {}

    static void putInOnePart(S3Client client, String bucket, String key, byte[] content) {
        String upload = client.createMultipartUpload(
                        request -> request.bucket(bucket).key(key))
                .uploadId();
        String entityTag = client.uploadPart(
                        request ->
                                request.bucket(bucket).key(key).uploadId(upload).partNumber(1),
                        RequestBody.fromBytes(content))
                .eTag();
        CompletedPart part =
                CompletedPart.builder().partNumber(1).eTag(entityTag).build();
        client.completeMultipartUpload(request ->
                request.bucket(bucket).key(key).uploadId(upload).multipartUpload(parts -> parts.parts(part)));
    }
}
