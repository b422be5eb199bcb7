package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.registrybackup.objectstore.s3.S3HttpClient.BucketLocation;
import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.utils.Lazy;

/** The clients of one store. */
class S3ClientsTest {
    @Test
    void closingDoesNotCreateTheClientThatNothingUsed() {
        // Given
        Lazy<S3Client> client = new Lazy<>(() -> S3Client.builder().build());
        SdkHttpClient connections = ApacheHttpClient.create();
        AnonymousCredentialsProvider credentials = AnonymousCredentialsProvider.create();
        BucketLocation bucket = new BucketLocation(URI.create("http://127.0.0.1:9/images"), "us-east-1");
        S3HttpClient http = new S3HttpClient(
                connections, credentials, AwsRetryStrategy.legacyRetryStrategy(), bucket, Optional.empty(), false);

        // When
        new S3Clients(connections, credentials, http, client).close();

        // Then
        assertFalse(client.hasValue());
    }
}
