package dev.registrybackup.app.config;

import java.util.Map;

/**
 * Where this process runs, according to its environment variables.
 *
 * @param isCluster whether it is in a pod and can use the cluster's API
 * @param isKnative whether it is behind Knative's proxy, whose calls come from loopback
 */
public record RuntimeEnvironment(boolean isCluster, boolean isKnative) {
    /** The environment of this process; the only place that reads it. */
    public static RuntimeEnvironment current() {
        return of(System.getenv());
    }

    public static RuntimeEnvironment of(Map<String, String> environment) {
        return new RuntimeEnvironment(
                environment.containsKey("KUBERNETES_SERVICE_HOST"), environment.containsKey("K_SERVICE"));
    }

    /** Whether a call from loopback may come from a remote caller. */
    public boolean hasProxy() {
        return isCluster || isKnative;
    }
}
