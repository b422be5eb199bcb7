package dev.registrybackup.operation.kubernetes;

import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.ConflictException;
import dev.registrybackup.operation.Liveness;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.operation.OperationRunner;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.ScalableResource;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs each operation in a Job of its own, made from a suspended CronJob of its kind. Needs the rights to get CronJobs, and
 * to get, list, watch, create and delete Jobs, in one namespace. Safe for use by many threads; blocks.
 */
public final class JobRunner implements OperationRunner {
    /** So long an ended Job may take to go. */
    static final Duration DELETION_TIMEOUT = Duration.ofSeconds(30);

    private static final System.Logger LOGGER = System.getLogger(JobRunner.class.getName());

    private static final int HTTP_CONFLICT = 409;

    private final KubernetesClient client;
    private final String namespace;
    private final Map<OperationKind, String> cronJobs;
    private final Duration deletionTimeout;

    /**
     * Runs operations in that namespace.
     *
     * @param cronJobs the name of each kind's CronJob
     */
    public JobRunner(KubernetesClient client, String namespace, Map<OperationKind, String> cronJobs) {
        this(client, namespace, cronJobs, DELETION_TIMEOUT);
    }

    JobRunner(KubernetesClient client, String namespace, Map<OperationKind, String> cronJobs, Duration toGo) {
        this.client = client;
        this.namespace = namespace;
        this.cronJobs = Map.copyOf(cronJobs);
        this.deletionTimeout = toGo;
    }

    @Override
    public void start(OperationRequest request) {
        try {
            CronJob cronJob = cronJob(request);
            find(request).ifPresent(there -> {
                requireFinished(there, request);
                delete(there);
                awaitDeletion(there, request);
            });
            create(OperationJob.of(request, cronJob), request);
        } catch (KubernetesClientException e) {
            throw new OperationNotStartedException(
                    "Failed to start a Job for operation %s: %s"
                            .formatted(request.id(), ApiFailure.describeJobFailure(e, namespace)),
                    e);
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
                        "Failed to start operation %s: namespace %s has no CronJob %s to make its Job from. Apply %s"
                                .formatted(request.id(), namespace, name, manifestPath(request.kind()))));
    }

    private static String manifestPath(OperationKind kind) {
        return kind == OperationKind.RECONCILE
                ? "knative/base/jobs/reconcile-jobs.yaml"
                : "knative/base/jobs/restore-jobs.yaml";
    }

    /** Only the Job that was looked at goes: another one of its name that has come meanwhile stays. */
    private void delete(Job job) {
        try {
            jobs().resource(job)
                    .lockResourceVersion(job.getMetadata().getResourceVersion())
                    .delete();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    private void awaitDeletion(Job job, OperationRequest request) {
        String uid = job.getMetadata().getUid();
        try {
            jobs().withName(job.getMetadata().getName())
                    .waitUntilCondition(
                            now -> now == null || !now.getMetadata().getUid().equals(uid),
                            deletionTimeout.toMillis(),
                            TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new OperationNotStartedException(
                    "Failed to start operation %s: Job %s of the one before has ended and is not gone %d s after it was"
                                    .formatted(request.id(), job.getMetadata().getName(), deletionTimeout.toSeconds())
                            + " removed. Look at its finalizers, and ask again",
                    e);
        }
    }

    private void create(Job job, OperationRequest request) {
        try {
            jobs().resource(job).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HTTP_CONFLICT) {
                throw e;
            }
            Job first = find(request).orElseThrow(() -> e);
            // Our own, where the client sent its request twice, or that of whoever resumes it at this moment too.
            if (!OperationJob.operationId(first).equals(Optional.of(request.id()))) {
                requireFinished(first, request);
                throw e;
            }
        }
    }

    private static void requireFinished(Job job, OperationRequest request) {
        if (OperationJob.finishReason(job).isEmpty()) {
            OperationId running = OperationJob.operationId(job)
                    .orElseThrow(() -> new OperationNotStartedException(
                            "Failed to start operation %s: there is a Job %s without label %s, which is not this program's. Remove it"
                                    .formatted(
                                            request.id(), job.getMetadata().getName(), OperationJob.OPERATION_LABEL)));
            throw new ConflictException(running, request);
        }
    }

    @Override
    public void abandon(OperationRequest request) {
        try {
            find(request).filter(job -> isJobOf(job, request)).ifPresent(this::delete);
        } catch (KubernetesClientException e) {
            LogEvent.of("job-not-deleted")
                    .with("operation", request.id())
                    .with("job", JobName.of(request))
                    .with("reason", ApiFailure.describeJobFailure(e, namespace))
                    .with("remedy", "remove it, if it does not end by itself")
                    .log(LOGGER, Level.WARNING);
        }
    }

    @Override
    public Liveness liveness(OperationRequest request) {
        String name = JobName.of(request);
        try {
            return find(request)
                    .filter(job -> isJobOf(job, request))
                    .map(job -> OperationJob.finishReason(job)
                            .map(end -> Liveness.dead("Its Job %s has ended: %s".formatted(name, end)))
                            .orElse(Liveness.RUNNING))
                    .orElseGet(() -> Liveness.dead("Its Job %s is gone".formatted(name)));
        } catch (KubernetesClientException e) {
            return Liveness.unknown("Whether its Job %s is at work could not be told: %s"
                    .formatted(name, ApiFailure.describeJobFailure(e, namespace)));
        }
    }

    private static boolean isJobOf(Job job, OperationRequest request) {
        return OperationJob.operationId(job).equals(Optional.of(request.id()));
    }

    private Optional<Job> find(OperationRequest request) {
        return Optional.ofNullable(jobs().withName(JobName.of(request)).get());
    }

    private NonNamespaceOperation<Job, JobList, ScalableResource<Job>> jobs() {
        return client.batch().v1().jobs().inNamespace(namespace);
    }
}
