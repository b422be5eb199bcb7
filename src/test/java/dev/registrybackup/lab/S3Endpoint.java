package dev.registrybackup.lab;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Where an S3 server listens, and who may ask it. */
public record S3Endpoint(URI uri, String region, String accessKey, String secretKey) {

    /** The same identity at another address, as behind a proxy. */
    public S3Endpoint at(URI elsewhere) {
        return new S3Endpoint(elsewhere, region, accessKey, secretKey);
    }

    /** A new client, path style, without the checksums that older servers refuse; the caller closes it. */
    public S3Client client() {
        return clientBuilder().build();
    }

    /** The same client before it is built, for other retries or another HTTP client. */
    public S3ClientBuilder clientBuilder() {
        return S3Client.builder()
                .endpointOverride(uri)
                .region(Region.of(region))
                .credentialsProvider(StaticCredentialsProvider.create(credentials()))
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClientBuilder(ApacheHttpClient.builder());
    }

    AwsBasicCredentials credentials() {
        return AwsBasicCredentials.create(accessKey, secretKey);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "S3Endpoint[" + accessKey + "@" + uri + " " + region + "]";
    }
}
