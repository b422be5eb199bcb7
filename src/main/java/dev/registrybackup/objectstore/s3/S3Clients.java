package dev.registrybackup.objectstore.s3;

import java.io.IOException;
import java.nio.file.Path;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;

/**
 * The SDK's clients for one store. There are two over one pool of connections: bodies in memory are signed by their hash,
 * which is one request body and no framing; streams are signed chunk by chunk, since the SDK would otherwise read them
 * twice over http, once for the hash.
 */
final class S3Clients implements AutoCloseable {
    private final SdkHttpClient connections;
    private final S3Client inMemory;
    private final S3Client streaming;

    private S3Clients(SdkHttpClient connections, S3Client inMemory, S3Client streaming) {
        this.connections = connections;
        this.inMemory = inMemory;
        this.streaming = streaming;
    }

    static S3Clients of(S3Settings settings, S3Timeouts timeouts, int connections) {
        ApacheHttpClient.Builder http = ApacheHttpClient.builder()
                .maxConnections(connections)
                .connectionTimeout(timeouts.connect())
                .socketTimeout(timeouts.idle())
                .connectionAcquisitionTimeout(timeouts.idle())
                .tcpKeepAlive(true);
        settings.caCertificate()
                .map(S3Clients::trustedCertificates)
                .ifPresent(trust -> http.tlsTrustManagersProvider(trust));
        SdkHttpClient pool = http.build();
        return new S3Clients(pool, client(settings, pool, false), client(settings, pool, true));
    }

    private static TrustedCertificates trustedCertificates(Path file) {
        try {
            return TrustedCertificates.systemRootsAnd(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("Failed to read certificates from " + file + ": " + e.getMessage(), e);
        }
    }

    private static S3Client client(S3Settings settings, SdkHttpClient pool, boolean chunked) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClient(pool)
                .credentialsProvider(credentials(settings))
                // Stores other than AWS refuse the checksum trailers that the SDK sends by default
                // (aws-sdk-java-v2#5801);
                // what we write is proved by its digest before its last byte is sent. AWS gets them: S3Writing.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .serviceConfiguration(S3Configuration.builder()
                        .chunkedEncodingEnabled(chunked)
                        .build())
                .overrideConfiguration(override ->
                        override.retryStrategy(retries -> retries.retryOnException(S3Errors::isConditionalConflict)))
                .forcePathStyle(settings.pathStyle());
        settings.endpoint().ifPresent(builder::endpointOverride);
        settings.region().map(Region::of).ifPresent(builder::region);
        return builder.build();
    }

    private static AwsCredentialsProvider credentials(S3Settings settings) {
        return settings.credentials()
                .<AwsCredentialsProvider>map(given -> StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(given.accessKey(), given.secretKey())))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    /** For requests without a body, and bodies in memory. */
    S3Client inMemory() {
        return inMemory;
    }

    /** For bodies that are streams. */
    S3Client streaming() {
        return streaming;
    }

    @Override
    public void close() {
        inMemory.close();
        streaming.close();
        connections.close();
    }
}
