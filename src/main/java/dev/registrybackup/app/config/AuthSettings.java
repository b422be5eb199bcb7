package dev.registrybackup.app.config;

import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.auth.SharedSecret;
import dev.registrybackup.app.auth.TokenAuthorizer;
import dev.registrybackup.concurrent.WorkerPools;
import java.time.Clock;
import java.util.Optional;

/** Who may call, settled and checked. */
public final class AuthSettings {
    private static final int MIN_TOKEN_LENGTH = 16;

    private final AuthConfiguration configuration;
    private final RuntimeEnvironment runtimeEnvironment;

    public AuthSettings(AuthConfiguration access, RuntimeEnvironment runtimeEnvironment) {
        this.configuration = access;
        this.runtimeEnvironment = runtimeEnvironment;
    }

    /**
     * The gate of this process.
     *
     * @param cluster asked only if it is the cluster that tells
     * @throws ConfigurationException if it is configured in a way that cannot work
     */
    public Authorizer authorizer(TokenAuthorizer cluster, WorkerPools workerPools, Clock clock) {
        Optional<SharedSecret> secret = secret();
        if (usesCluster()) {
            return Authorizer.of(cluster, workerPools, clock);
        }
        return secret.map(Authorizer::of)
                .orElseGet(() -> runtimeEnvironment.hasProxy() ? Authorizer.denyAll() : Authorizer.loopback());
    }

    private boolean usesCluster() {
        return switch (configuration.mode()) {
            case "kubernetes" -> true;
            case "token" -> false;
            case "auto" -> runtimeEnvironment.isCluster();
            default ->
                throw new ConfigurationException(
                        "auth.mode", "is \"%s\" but can be auto, kubernetes or token".formatted(configuration.mode()));
        };
    }

    private Optional<SharedSecret> secret() {
        if (configuration
                .token()
                .filter(token -> token.length() < MIN_TOKEN_LENGTH)
                .isPresent()) {
            throw new ConfigurationException(
                    "auth.token",
                    "has less than %d characters, which can be guessed: take a random one, such as openssl rand -hex 32 makes"
                            .formatted(MIN_TOKEN_LENGTH));
        }
        return configuration.token().map(SharedSecret::new);
    }
}
