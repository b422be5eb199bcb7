package dev.registrybackup.function;

import dev.registrybackup.access.Gate;
import dev.registrybackup.access.Judge;
import dev.registrybackup.access.SharedSecret;
import dev.registrybackup.transfer.Lanes;
import java.time.Clock;
import java.util.Optional;

/** Who may call, settled and checked. */
final class AccessSettings {
    private static final int SHORTEST_TOKEN = 16;

    private final AccessConfiguration access;
    private final Surroundings surroundings;

    AccessSettings(AccessConfiguration access, Surroundings surroundings) {
        this.access = access;
        this.surroundings = surroundings;
    }

    /**
     * The gate of this process.
     *
     * @param cluster asked only if it is the cluster that tells
     * @throws ConfigurationProblem if it is configured in a way that cannot work
     */
    Gate gate(Judge cluster, Lanes lanes, Clock clock) {
        Optional<SharedSecret> secret = secret();
        if (isClusterAsked()) {
            return Gate.of(cluster, lanes, clock);
        }
        return secret.map(Gate::of).orElseGet(() -> surroundings.hasProxy() ? Gate.shut() : Gate.loopback());
    }

    private boolean isClusterAsked() {
        return switch (access.by()) {
            case "kubernetes" -> true;
            case "token" -> false;
            case "auto" -> surroundings.isCluster();
            default ->
                throw new ConfigurationProblem(
                        "access.by", "is \"%s\" but can be auto, kubernetes or token".formatted(access.by()));
        };
    }

    private Optional<SharedSecret> secret() {
        if (access.token().filter(token -> token.length() < SHORTEST_TOKEN).isPresent()) {
            throw new ConfigurationProblem(
                    "access.token",
                    "has less than %d characters, which can be guessed: take a random one, such as openssl rand -hex 32 makes"
                            .formatted(SHORTEST_TOKEN));
        }
        return access.token().map(SharedSecret::new);
    }
}
