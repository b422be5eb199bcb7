package dev.registrybackup.app;

import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.auth.KubernetesTokenAuthorizer;
import dev.registrybackup.app.config.AuthConfiguration;
import dev.registrybackup.app.config.AuthSettings;
import dev.registrybackup.app.config.RuntimeEnvironment;
import dev.registrybackup.concurrent.WorkerPools;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;

/** Builds what tells whether a caller may. */
@Singleton
class AuthWiring {
    /** The cluster is asked whether callers may in the namespace of this pod; a client of it is made with the first call. */
    @Produces
    @Singleton
    Authorizer authorizer(
            AuthConfiguration access, Instance<KubernetesClient> kubernetes, WorkerPools workerPools, Clock clock) {
        return new AuthSettings(access, RuntimeEnvironment.current())
                .authorizer((token, verb) -> reviews(kubernetes.get()).authorize(token, verb), workerPools, clock);
    }

    private static KubernetesTokenAuthorizer reviews(KubernetesClient cluster) {
        return new KubernetesTokenAuthorizer(
                cluster, Optional.ofNullable(cluster.getNamespace()).orElse("default"));
    }
}
