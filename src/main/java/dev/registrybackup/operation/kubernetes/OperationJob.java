package dev.registrybackup.operation.kubernetes;

import dev.registrybackup.operation.OperationRequest;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobTemplateSpec;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Builds an operation's Job and reads its status. */
final class OperationJob {
    /** The label, of the Job and its pods, that names the operation. */
    static final String OPERATION_LABEL = "registry-backup.dev/operation";

    private static final List<String> FINISHED_CONDITIONS = List.of("Complete", "Failed");

    /** Kubernetes' own. */
    private static final int DEFAULT_BACKOFF_LIMIT = 6;

    private OperationJob() {}

    /** The name of the operation's Job, such as {@code restore-20261122t134500z-1f3a9c2e}. */
    static String name(OperationRequest request) {
        return request.kind().label() + "-" + request.id().value().toLowerCase(Locale.ROOT);
    }

    /**
     * The Job that runs the operation: the CronJob's template, because a pod cannot find out its own image, with the
     * first container's arguments replaced by {@code operation run <id>}.
     *
     * @param completions how many pods share the work; more than one make it an Indexed Job
     */
    static Job of(OperationRequest request, CronJob cronJob, int completions) {
        Job job = of(request, cronJob);
        return completions == 1 ? job : indexed(job, completions);
    }

    /**
     * All pods run at once, because they wait for each other. One that fails is repeated alone, as often as the template
     * says for one pod; after that the others would wait in vain, so they end.
     */
    private static Job indexed(Job job, int completions) {
        int backoffLimit = Optional.ofNullable(job.getSpec().getBackoffLimit()).orElse(DEFAULT_BACKOFF_LIMIT);
        return new JobBuilder(job)
                .editSpec()
                .withCompletionMode("Indexed")
                .withCompletions(completions)
                .withParallelism(completions)
                .withBackoffLimitPerIndex(backoffLimit)
                .withMaxFailedIndexes(0)
                .withBackoffLimit(backoffLimit * completions)
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .addNewEnv()
                .withName(JobRunner.COMPLETIONS_VARIABLE)
                .withValue(Integer.toString(completions))
                .endEnv()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private static Job of(OperationRequest request, CronJob cronJob) {
        String id = request.id().value();
        JobTemplateSpec template = cronJob.getSpec().getJobTemplate();
        Optional<ObjectMeta> metadata = Optional.ofNullable(template.getMetadata());
        return new JobBuilder()
                .withNewMetadata()
                .withName(name(request))
                .withNamespace(cronJob.getMetadata().getNamespace())
                .withLabels(metadata.map(ObjectMeta::getLabels).orElse(Map.of()))
                .addToLabels(OPERATION_LABEL, id)
                .withAnnotations(metadata.map(ObjectMeta::getAnnotations).orElse(Map.of()))
                .endMetadata()
                .withSpec(template.getSpec())
                .editSpec()
                .editTemplate()
                .editOrNewMetadata()
                .addToLabels(OPERATION_LABEL, id)
                .endMetadata()
                .editSpec()
                .editFirstContainer()
                .withArgs("operation", "run", id)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    /** How the Job finished, for people; empty while it has pods, or is about to. */
    static Optional<String> finishReason(Job job) {
        return Optional.ofNullable(job.getStatus()).stream()
                .flatMap(status -> status.getConditions().stream())
                .filter(condition ->
                        FINISHED_CONDITIONS.contains(condition.getType()) && "True".equals(condition.getStatus()))
                .map(OperationJob::conditionReason)
                .findFirst();
    }

    private static String conditionReason(JobCondition condition) {
        return Stream.of(condition.getReason(), condition.getMessage())
                .filter(text -> text != null && !text.isEmpty())
                .reduce((reason, message) -> reason + ": " + message)
                .orElse(condition.getType());
    }
}
