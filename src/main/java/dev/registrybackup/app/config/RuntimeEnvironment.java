package dev.registrybackup.app.config;

import java.util.Map;

/**
 * Where this process runs, as far as it tells by its environment.
 *
 * @param isCluster whether it is in a pod, and so can ask the cluster's API
 * @param isKnative whether Knative's proxy stands before it, which calls from loopback on behalf of all
 */
public record RuntimeEnvironment(boolean isCluster, boolean isKnative) {
    /** Of this process: the one place where what is around it is read. */
    public static RuntimeEnvironment current() {
        return of(System.getenv());
    }

    public static RuntimeEnvironment of(Map<String, String> environment) {
        return new RuntimeEnvironment(
                environment.containsKey("KUBERNETES_SERVICE_HOST"), environment.containsKey("K_SERVICE"));
    }

    /** Whether a call from loopback may be anybody's. */
    public boolean hasProxy() {
        return isCluster || isKnative;
    }
}
