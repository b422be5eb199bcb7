package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.s3.S3HttpClient.BucketLocation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.S3Utilities;
import software.amazon.awssdk.utils.Lazy;
import software.amazon.awssdk.utils.SdkAutoCloseable;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/** The ways to one store, over one pool of connections. */
final class S3Clients implements AutoCloseable {
    private final SdkHttpClient connections;
    private final AwsCredentialsProvider credentials;
    private final S3HttpClient http;
    private final Lazy<S3Client> client;

    private S3Clients(
            SdkHttpClient connections, AwsCredentialsProvider credentials, S3HttpClient http, Lazy<S3Client> client) {
        this.connections = connections;
        this.credentials = credentials;
        this.http = http;
        this.client = client;
    }

    static S3Clients of(S3Settings settings, S3Timeouts timeouts, int connections) {
        ApacheHttpClient.Builder builder = ApacheHttpClient.builder()
                .maxConnections(connections)
                .connectionTimeout(timeouts.connect())
                .socketTimeout(timeouts.idle())
                .connectionAcquisitionTimeout(timeouts.idle())
                // It would ask before each PUT; whoever sends a large body asks by itself.
                .expectContinueEnabled(false)
                .tcpKeepAlive(true);
        settings.caCertificate()
                .map(S3Clients::trustedCertificates)
                .ifPresent(trust -> builder.tlsTrustManagersProvider(trust));
        SdkHttpClient pool = builder.build();
        Region region = region(settings);
        AwsCredentialsProvider credentials = credentials(settings);
        RetryStrategy retries = AwsRetryStrategy.legacyRetryStrategy().toBuilder()
                .retryOnException(S3Errors::isConditionalConflict)
                .build();
        S3HttpClient http = new S3HttpClient(
                pool,
                credentials,
                retries,
                new BucketLocation(bucketUrl(settings, region), region.id()),
                isAws(settings) ? Optional.of(other -> bucketUrl(settings, Region.of(other))) : Optional.empty(),
                sendsChecksums(settings));
        return new S3Clients(
                pool, credentials, http, new Lazy<>(() -> client(settings, pool, region, credentials, retries)));
    }

    private static boolean isAws(S3Settings settings) {
        return settings.endpoint().isEmpty();
    }

    /**
     * AWS refuses a write without a checksum to a bucket whose objects are locked by default. Other stores refuse checksums
     * that follow the body, and have none before it.
     */
    static boolean sendsChecksums(S3Settings settings) {
        return isAws(settings);
    }

    private static Region region(S3Settings settings) {
        try {
            return settings.region().map(Region::of).orElseGet(() -> new DefaultAwsRegionProviderChain().getRegion());
        } catch (SdkClientException e) {
            throw new IllegalArgumentException(
                    "%1$s.region is not set, nor is %1$s.endpoint, and no region is where AWS's tools look for one. Set it, or"
                                    .formatted(settings.name())
                            + " AWS_REGION; for a store other than AWS set the endpoint",
                    e);
        }
    }

    private static URI bucketUrl(S3Settings settings, Region region) {
        if (settings.endpoint().isPresent() && settings.pathStyle()) {
            String endpoint = settings.endpoint().get().toString();
            return URI.create(
                    (endpoint.endsWith("/") ? endpoint : endpoint + "/") + SdkHttpUtils.urlEncode(settings.bucket()));
        }
        // AWS has partitions, FIPS and dual stack, and names that fit no host's: the SDK knows.
        String anyObject = S3Utilities.builder()
                .region(region)
                .s3Configuration(S3Configuration.builder()
                        .pathStyleAccessEnabled(settings.pathStyle())
                        .build())
                .build()
                .getUrl(request -> request.endpoint(settings.endpoint().orElse(null))
                        .bucket(settings.bucket())
                        .key("key"))
                .toString();
        return URI.create(anyObject.substring(0, anyObject.length() - "/key".length()));
    }

    private static TrustedCertificates trustedCertificates(Path file) {
        try {
            return TrustedCertificates.systemRootsAnd(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("Failed to read certificates from " + file + ": " + e.getMessage(), e);
        }
    }

    private static S3Client client(
            S3Settings settings,
            SdkHttpClient pool,
            Region region,
            AwsCredentialsProvider credentials,
            RetryStrategy retries) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClient(pool)
                .credentialsProvider(credentials)
                // Stores other than AWS refuse the checksum trailers that the SDK sends by default
                // (aws-sdk-java-v2#5801);
                // what we write is proved by its digest before its last byte is sent. AWS gets them: S3Requests.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(override -> override.retryStrategy(retries))
                .crossRegionAccessEnabled(isAws(settings))
                .forcePathStyle(settings.pathStyle())
                .region(region);
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    private static AwsCredentialsProvider credentials(S3Settings settings) {
        return settings.credentials()
                .<AwsCredentialsProvider>map(given -> StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(given.accessKey(), given.secretKey())))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    /** For what is asked for each object, and for listings. */
    S3HttpClient http() {
        return http;
    }

    /** For all else. Made when it is first asked for: that takes as long as hundreds of requests. */
    S3Client client() {
        return client.getValue();
    }

    @Override
    public void close() {
        http.close();
        client.close();
        connections.close();
        // A role's have connections of their own.
        if (credentials instanceof SdkAutoCloseable closeable) {
            closeable.close();
        }
    }
}
