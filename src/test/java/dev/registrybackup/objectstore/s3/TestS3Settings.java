package dev.registrybackup.objectstore.s3;

import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import java.util.Optional;

/** Settings of buckets in stores of the lab. */
public final class TestS3Settings {

    private TestS3Settings() {}

    /** The settings of this bucket as a registry's. */
    public static S3Settings of(S3Endpoint endpoint, String bucket) {
        return of("registry", endpoint, bucket, WriteOptions.DEFAULT);
    }

    /** The settings of this bucket under this name. */
    public static S3Settings of(String name, S3Endpoint endpoint, String bucket, WriteOptions writeOptions) {
        return new S3Settings(
                name,
                Optional.of(endpoint.uri()),
                Optional.of(endpoint.region()),
                bucket,
                Optional.of(new S3Settings.Credentials(endpoint.accessKey(), endpoint.secretKey())),
                true,
                Optional.empty(),
                writeOptions);
    }
}
