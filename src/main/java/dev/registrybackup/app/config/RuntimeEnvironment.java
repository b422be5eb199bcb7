package dev.registrybackup.app.config;

import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.kubernetes.JobRunner;
import java.util.Map;

/**
 * Where this process runs, according to its environment variables.
 *
 * @param isCluster whether it is in a pod and can use the cluster's API
 * @param isKnative whether it is behind Knative's proxy, whose calls come from loopback
 * @param completionIndex which pod of an Indexed Job it is; the only one elsewhere
 */
public record RuntimeEnvironment(boolean isCluster, boolean isKnative, CompletionIndex completionIndex) {
    /** Set by Kubernetes in each pod of an Indexed Job. */
    private static final String COMPLETION_INDEX = "JOB_COMPLETION_INDEX";

    /** The environment of this process; the only place that reads it. */
    public static RuntimeEnvironment current() {
        return of(System.getenv());
    }

    public static RuntimeEnvironment of(Map<String, String> environment) {
        return new RuntimeEnvironment(
                environment.containsKey("KUBERNETES_SERVICE_HOST"),
                environment.containsKey("K_SERVICE"),
                completionIndex(environment));
    }

    private static CompletionIndex completionIndex(Map<String, String> environment) {
        String completions = environment.get(JobRunner.COMPLETIONS_VARIABLE);
        return completions == null
                ? CompletionIndex.ONLY
                : new CompletionIndex(
                        Integer.parseInt(environment.getOrDefault(COMPLETION_INDEX, "0")),
                        Integer.parseInt(completions));
    }

    /** Whether a call from loopback may come from a remote caller. */
    public boolean hasProxy() {
        return isCluster || isKnative;
    }
}
