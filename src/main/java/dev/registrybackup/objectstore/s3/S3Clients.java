package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.s3.S3HttpClient.BucketLocation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.TlsTrustManagersProvider;
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

/** The clients of one store, which share one pool of connections. */
final class S3Clients implements AutoCloseable {
    private final SdkHttpClient connections;
    private final AwsCredentialsProvider credentials;
    private final S3HttpClient http;
    private final Lazy<S3Client> client;

    S3Clients(SdkHttpClient connections, AwsCredentialsProvider credentials, S3HttpClient http, Lazy<S3Client> client) {
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
                // The Apache client would send "Expect: 100-continue" with each PUT. S3HttpClient sends it with large
                // bodies only.
                .expectContinueEnabled(false)
                .tcpKeepAlive(true);
        trust(settings).ifPresent(builder::tlsTrustManagersProvider);
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
     * Whether writes carry a checksum. AWS rejects a write without one if the bucket locks objects by default. Other
     * stores reject checksum trailers, and before the body is sent there is no checksum for a header.
     */
    static boolean sendsChecksums(S3Settings settings) {
        return isAws(settings);
    }

    private static Region region(S3Settings settings) {
        try {
            return settings.region().map(Region::of).orElseGet(() -> new DefaultAwsRegionProviderChain().getRegion());
        } catch (SdkClientException e) {
            throw new IllegalArgumentException(
                    ("Neither %1$s.region nor %1$s.endpoint is set, and the AWS SDK found no region."
                                    + " Set %1$s.region or AWS_REGION; for a store other than AWS set %1$s.endpoint")
                            .formatted(settings.name()),
                    e);
        }
    }

    private static URI bucketUrl(S3Settings settings, Region region) {
        if (settings.endpoint().isPresent() && settings.pathStyle()) {
            String endpoint = settings.endpoint().get().toString();
            return URI.create(
                    (endpoint.endsWith("/") ? endpoint : endpoint + "/") + SdkHttpUtils.urlEncode(settings.bucket()));
        }
        // The SDK handles AWS's partitions, FIPS and dual stack, and bucket names that are not valid in a host name.
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

    /** Whose certificates to trust; empty for the JVM's default. */
    private static Optional<TlsTrustManagersProvider> trust(S3Settings settings) {
        if (settings.caCertificate().isPresent()) {
            return settings.caCertificate().map(S3Clients::trustedCertificates);
        }
        boolean isPlain = settings.endpoint()
                .filter(url -> url.getScheme().equals("http"))
                .isPresent();
        // Otherwise the client reads all of the system's roots on creation, a seventh of the time to start.
        return isPlain ? Optional.of(() -> new TrustManager[0]) : Optional.empty();
    }

    private static TlsTrustManagersProvider trustedCertificates(Path file) {
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

    /** The client for requests about objects and uploads, and for listings. */
    S3HttpClient http() {
        return http;
    }

    /**
     * The client that reads a bucket's settings. Created on the first call, because that takes as long as hundreds of
     * requests.
     */
    S3Client client() {
        return client.getValue();
    }

    @Override
    public void close() {
        http.close();
        // Closing an unused one would create it first.
        if (client.hasValue()) {
            client.close();
        }
        connections.close();
        // The credentials of a role have connections of their own.
        if (credentials instanceof SdkAutoCloseable closeable) {
            closeable.close();
        }
    }
}
