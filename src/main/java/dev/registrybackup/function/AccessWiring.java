package dev.registrybackup.function;

import dev.registrybackup.access.Gate;
import dev.registrybackup.kube.AccessReviews;
import dev.registrybackup.transfer.Lanes;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;

/** Builds what tells whether a caller may. */
@Singleton
class AccessWiring {
    /** The cluster is asked whether callers may in the namespace of this pod; a client of it is made with the first call. */
    @Produces
    @Singleton
    Gate gate(AccessConfiguration access, Instance<KubernetesClient> kubernetes, Lanes lanes, Clock clock) {
        return new AccessSettings(access, Surroundings.current())
                .gate((token, verb) -> reviews(kubernetes.get()).judge(token, verb), lanes, clock);
    }

    private static AccessReviews reviews(KubernetesClient cluster) {
        return new AccessReviews(
                cluster, Optional.ofNullable(cluster.getNamespace()).orElse("default"));
    }
}
