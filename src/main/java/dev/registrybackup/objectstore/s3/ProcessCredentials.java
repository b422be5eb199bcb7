package dev.registrybackup.objectstore.s3;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * The credentials of a store that has no access key in its settings, as the SDK's default chain finds them: in the
 * environment, by a role of the pod's service account, from the machine. Threads: any number.
 */
public final class ProcessCredentials implements AutoCloseable {
    /**
     * An access key with its secret, which {@link #toString} keeps to itself.
     *
     * @param sessionToken empty for a key that lasts
     * @param expiration empty for a key that lasts
     */
    public record Current(
            String accessKey, String secretKey, Optional<String> sessionToken, Optional<Instant> expiration) {
        @Override
        public String toString() {
            return "Current[accessKey=" + accessKey + ", expiration=" + expiration + "]";
        }
    }

    private final DefaultCredentialsProvider chain =
            DefaultCredentialsProvider.builder().build();

    /**
     * Returns credentials that are valid for minutes at least: they are replaced before they expire. Blocks for seconds
     * while they are.
     *
     * @throws IOException if nothing gives any
     */
    public Current current() throws IOException {
        try {
            AwsCredentials given = chain.resolveCredentials();
            return new Current(
                    given.accessKeyId(),
                    given.secretAccessKey(),
                    given instanceof AwsSessionCredentials session
                            ? Optional.of(session.sessionToken())
                            : Optional.empty(),
                    given.expirationTime());
        } catch (SdkException e) {
            throw new IOException("Failed to find the credentials of this process: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        chain.close();
    }
}
