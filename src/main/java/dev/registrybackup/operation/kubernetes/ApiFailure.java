package dev.registrybackup.operation.kubernetes;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/** Why the Kubernetes API did not do something, and what helps. */
public final class ApiFailure {
    private ApiFailure() {}

    /** Why an operation's Job could not be dealt with. */
    static String describeJobFailure(KubernetesClientException failure, String namespace) {
        int code = failure.getCode();
        if (code <= 0) {
            return describe(failure, "Ask again; where there is no cluster, have operations run in the process");
        }
        return describe(
                failure,
                code == 401 || code == 403
                        ? "Let the service account get cronjobs, and get, create and delete jobs, in namespace "
                                + namespace
                        : "Ask again");
    }

    /** What the API said, and what helps. */
    public static String describe(KubernetesClientException failure, String remedy) {
        int code = failure.getCode();
        String said = Optional.ofNullable(failure.getStatus())
                .map(Status::getMessage)
                .orElse(String.valueOf(failure.getMessage()));
        return code <= 0
                ? "the Kubernetes API did not answer: %s. %s".formatted(rootMessage(failure), remedy)
                : "the Kubernetes API answered %d: %s. %s".formatted(code, said, remedy);
    }

    /** The client's own message says only which request it was. */
    private static String rootMessage(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
    }
}
