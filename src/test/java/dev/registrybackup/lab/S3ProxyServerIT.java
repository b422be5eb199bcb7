package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What S3Proxy can do, so that nobody looks for a fault of the product there. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class S3ProxyServerIT {

    private final S3ProxyServer server = S3ProxyServer.inMemory(256);
    private final S3Client client = server.endpoint().client();

    @BeforeAll
    void bucket() {
        client.createBucket(request -> request.bucket("images"));
    }

    @AfterAll
    void close() {
        client.close();
        server.close();
    }

    @Test
    void aWrongSecretIsRefused() {
        // Given
        S3Endpoint known = server.endpoint();
        S3Endpoint wrong = new S3Endpoint(known.uri(), known.region(), known.accessKey(), "guessed");
        try (S3Client stranger = wrong.client()) {
            // When
            S3Exception refusal =
                    assertThrows(S3Exception.class, () -> stranger.headBucket(request -> request.bucket("images")));

            // Then
            assertEquals(403, refusal.statusCode());
        }
    }

    @Test
    void versionsAreKept() {
        // Given
        client.createBucket(request -> request.bucket("versioned"));
        client.putBucketVersioning(request -> request.bucket("versioned")
                .versioningConfiguration(versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
        String first = put("versioned", "link", "one");
        put("versioned", "link", "two");

        // When
        client.deleteObject(request -> request.bucket("versioned").key("link"));

        // Then
        var versions = client.listObjectVersions(request -> request.bucket("versioned"));
        assertEquals(2, versions.versions().size());
        assertEquals(1, versions.deleteMarkers().size());
        assertEquals(
                "one",
                client.getObjectAsBytes(request ->
                                request.bucket("versioned").key("link").versionId(first))
                        .asUtf8String());
    }

    @Test
    void rangesAndConditionsAreHonoured() {
        // Given
        put("images", "data", "0123456789");

        // When
        String middle = client.getObjectAsBytes(
                        request -> request.bucket("images").key("data").range("bytes=2-4"))
                .asUtf8String();
        int mismatch = status(() -> client.getObjectAsBytes(
                request -> request.bucket("images").key("data").ifMatch("\"other\"")));
        int exists = status(() -> client.putObject(
                request -> request.bucket("images").key("data").ifNoneMatch("*"), RequestBody.fromString("x")));

        // Then
        assertEquals("234", middle);
        assertEquals(412, mismatch);
        assertEquals(412, exists);
    }

    @Test
    void anUploadInPartsIsPutTogetherAndCopied() {
        // Given
        byte[] part = new byte[5 << 20];
        put("images", "source", "tail");
        String upload = client.createMultipartUpload(
                        request -> request.bucket("images").key("whole"))
                .uploadId();

        // When
        String first = client.uploadPart(
                        request -> request.bucket("images")
                                .key("whole")
                                .uploadId(upload)
                                .partNumber(1),
                        RequestBody.fromBytes(part))
                .eTag();
        String second = client.uploadPartCopy(request -> request.sourceBucket("images")
                        .sourceKey("source")
                        .destinationBucket("images")
                        .destinationKey("whole")
                        .uploadId(upload)
                        .partNumber(2))
                .copyPartResult()
                .eTag();
        client.completeMultipartUpload(request -> request.bucket("images")
                .key("whole")
                .uploadId(upload)
                .multipartUpload(parts -> parts.parts(completed(1, first), completed(2, second))));

        // Then
        var head = client.headObject(request -> request.bucket("images").key("whole"));
        assertEquals(part.length + 4L, head.contentLength());
        assertTrue(head.eTag().endsWith("-2\""), head.eTag());
    }

    @Test
    void aWrongChecksumIsRefused() {
        // When
        int status = status(() -> client.putObject(
                request -> request.bucket("images")
                        .key("wrong")
                        .checksumSHA256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
                RequestBody.fromString("not empty")));

        // Then
        assertEquals(400, status);
    }

    @Test
    void objectsAreFilesWhenAskedFor(@TempDir Path folder) {
        // Given
        try (S3ProxyServer onFiles = S3ProxyServer.onFiles(128, folder);
                S3Client files = onFiles.endpoint().client()) {
            files.createBucket(request -> request.bucket("images"));

            // When
            files.putObject(request -> request.bucket("images").key("a/b/link"), RequestBody.fromString("content"));
        }

        // Then
        assertTrue(Files.exists(folder.resolve("images/a/b/link")));
    }

    private String put(String bucket, String key, String content) {
        var answer = client.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromString(content));
        return answer.versionId() == null ? "" : answer.versionId();
    }

    private static int status(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(S3Exception.class, call).statusCode();
    }

    private static CompletedPart completed(int number, String entityTag) {
        return CompletedPart.builder().partNumber(number).eTag(entityTag).build();
    }
}
