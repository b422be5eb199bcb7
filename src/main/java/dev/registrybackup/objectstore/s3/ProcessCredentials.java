package dev.registrybackup.objectstore.s3;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.utils.Lazy;

/**
 * The credentials of a store without an access key in its settings, from the SDK's default chain: environment
 * variables, the role of the pod's service account, or the machine's instance role. Safe for use by many threads.
 */
public final class ProcessCredentials implements AutoCloseable {
    /**
     * An access key and its secret. {@link #toString} omits the secret.
     *
     * @param sessionToken the session token; empty for a permanent key
     * @param expiration when the key expires, UTC; empty for a permanent key
     */
    public record Current(
            String accessKey, String secretKey, Optional<String> sessionToken, Optional<Instant> expiration) {
        @Override
        public String toString() {
            return "Current[accessKey=" + accessKey + ", expiration=" + expiration + "]";
        }
    }

    private final Lazy<DefaultCredentialsProvider> chain =
            new Lazy<>(() -> DefaultCredentialsProvider.builder().build());

    /**
     * Returns credentials that stay valid for some minutes at least. Renews them before they expire, and blocks for
     * seconds meanwhile.
     *
     * @throws IOException if no source in the chain has credentials
     */
    public Current current() throws IOException {
        try {
            AwsCredentials given = chain.getValue().resolveCredentials();
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
        if (chain.hasValue()) {
            chain.getValue().close();
        }
    }
}
