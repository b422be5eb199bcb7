package dev.registrybackup.operation.kubernetes;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.Liveness;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationRunner;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.ScalableResource;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * Runs each operation in a Job of its own, made from a suspended CronJob of its kind. Needs the rights to get CronJobs,
 * and to get, create and delete Jobs, in one namespace. Safe for use by many threads; blocks.
 */
public final class JobRunner implements OperationRunner {
    /** The variable in each pod of a divided operation that says how many pods there are. */
    public static final String COMPLETIONS_VARIABLE = "JOB_COMPLETIONS";

    private static final System.Logger LOGGER = System.getLogger(JobRunner.class.getName());

    private static final int HTTP_CONFLICT = 409;

    private final KubernetesClient client;
    private final String namespace;
    private final Map<OperationKind, String> cronJobs;
    private final ToIntFunction<OperationRequest> completions;

    /**
     * Runs operations in this namespace.
     *
     * @param cronJobs the name of each kind's CronJob
     * @param completions how many pods share the work of an operation
     */
    public JobRunner(
            KubernetesClient client,
            String namespace,
            Map<OperationKind, String> cronJobs,
            ToIntFunction<OperationRequest> completions) {
        this.client = client;
        this.namespace = namespace;
        this.cronJobs = Map.copyOf(cronJobs);
        this.completions = completions;
    }

    @Override
    public void start(OperationRequest request) {
        try {
            jobs().resource(OperationJob.of(request, cronJob(request), completions.applyAsInt(request)))
                    .create();
        } catch (KubernetesClientException e) {
            // The Job exists because the client sent its request twice.
            if (e.getCode() != HTTP_CONFLICT) {
                throw new OperationNotStartedException(
                        "Failed to start a Job for operation %s: %s"
                                .formatted(request.id(), ApiFailure.describeJobFailure(e, namespace)),
                        e);
            }
        }
    }

    private CronJob cronJob(OperationRequest request) {
        String name = Optional.ofNullable(cronJobs.get(request.kind()))
                .orElseThrow(() -> new OperationNotStartedException(
                        "Failed to start operation %s: no CronJob is configured to %s with"
                                .formatted(request.id(), request.kind().label())));
        return Optional.ofNullable(client.batch()
                        .v1()
                        .cronjobs()
                        .inNamespace(namespace)
                        .withName(name)
                        .get())
                .orElseThrow(() -> new OperationNotStartedException(
                        "Failed to start operation %s: namespace %s has no CronJob %s as the template of its Job. Apply %s"
                                .formatted(request.id(), namespace, name, manifestPath(request.kind()))));
    }

    private static String manifestPath(OperationKind kind) {
        return kind == OperationKind.RECONCILE
                ? "knative/base/jobs/reconcile-jobs.yaml"
                : "knative/base/jobs/restore-jobs.yaml";
    }

    @Override
    public void abandon(OperationRequest request) {
        String name = OperationJob.name(request);
        try {
            jobs().withName(name).delete();
        } catch (KubernetesClientException e) {
            LogEvent.of("job-not-deleted")
                    .with("operation", request.id())
                    .with("job", name)
                    .with("reason", ApiFailure.describeJobFailure(e, namespace))
                    .with("remedy", "delete it if it does not finish by itself")
                    .log(LOGGER, Level.WARNING);
        }
    }

    @Override
    public Liveness liveness(OperationRequest request) {
        String name = OperationJob.name(request);
        try {
            Job job = jobs().withName(name).get();
            return job == null
                    ? Liveness.dead("Its Job %s is missing".formatted(name))
                    : OperationJob.finishReason(job)
                            .map(end -> Liveness.dead("Its Job %s has finished: %s".formatted(name, end)))
                            .orElse(Liveness.RUNNING);
        } catch (KubernetesClientException e) {
            return Liveness.unknown("It cannot be determined whether its Job %s runs: %s"
                    .formatted(name, ApiFailure.describeJobFailure(e, namespace)));
        }
    }

    private NonNamespaceOperation<Job, JobList, ScalableResource<Job>> jobs() {
        return client.batch().v1().jobs().inNamespace(namespace);
    }
}
