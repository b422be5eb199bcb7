package dev.registrybackup.operation.kubernetes;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/** Describes failures of the Kubernetes API and their remedy. */
public final class ApiFailure {
    private ApiFailure() {}

    /** Describes a failed request for an operation's Job. */
    static String describeJobFailure(KubernetesClientException failure, String namespace) {
        int code = failure.getCode();
        if (code <= 0) {
            return describe(failure, "Retry; without a cluster, set operations.runner=process");
        }
        return describe(
                failure,
                code == 401 || code == 403
                        ? "Let the service account get cronjobs, and get, create and delete jobs, in namespace "
                                + namespace
                        : "Retry");
    }

    /** The API's message and the remedy. */
    public static String describe(KubernetesClientException failure, String remedy) {
        int code = failure.getCode();
        String answer = Optional.ofNullable(failure.getStatus())
                .map(Status::getMessage)
                .orElse(String.valueOf(failure.getMessage()));
        return code <= 0
                ? "the Kubernetes API did not answer: %s. %s".formatted(rootMessage(failure), remedy)
                : "the Kubernetes API answered %d: %s. %s".formatted(code, answer, remedy);
    }

    /** The root cause, because the client's own message only names the request. */
    private static String rootMessage(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
    }
}
