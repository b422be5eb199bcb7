package dev.registrybackup.kube;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;

/** Why the Kubernetes API did not do something, and what helps. */
final class ApiFailure {
    private ApiFailure() {}

    static String reason(KubernetesClientException failure, String namespace) {
        int code = failure.getCode();
        String said = Optional.ofNullable(failure.getStatus())
                .map(Status::getMessage)
                .orElse(String.valueOf(failure.getMessage()));
        if (code <= 0) {
            return "the Kubernetes API did not answer: %s. Ask again; where there is no cluster, have operations run in the process"
                    .formatted(cause(failure));
        }
        String answered = "the Kubernetes API answered %d: %s".formatted(code, said);
        return code == 401 || code == 403
                ? answered
                        + (". Let the service account get cronjobs, and get, list, watch, create and delete jobs, in"
                                        + " namespace %s")
                                .formatted(namespace)
                : answered + ". Ask again";
    }

    /** The client's own message says only which request it was. */
    private static String cause(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
    }
}
