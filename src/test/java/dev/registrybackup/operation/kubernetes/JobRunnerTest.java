package dev.registrybackup.operation.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.operation.Liveness;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationNotStartedException;
import dev.registrybackup.operation.OperationRequest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobRunnerTest {
    private static final String NAMESPACE = "registry-backup";
    private static final String JOBS = "/apis/batch/v1/namespaces/registry-backup/jobs";
    private static final String JOB = JOBS + "/restore-20261122t134500z-11111111";
    private static final String CRON_JOB = "/apis/batch/v1/namespaces/registry-backup/cronjobs/restore";
    private static final String TEMPLATE = """
        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: restore
          namespace: registry-backup
          labels: {of: the-cron-job}
        spec:
          schedule: "0 0 31 2 *"
          suspend: true
          jobTemplate:
            metadata:
              labels: {app.kubernetes.io/part-of: registry-backup}
              annotations: {note: kept}
            spec:
              backoffLimit: 2
              ttlSecondsAfterFinished: 86400
              template:
                metadata:
                  labels: {app.kubernetes.io/name: restore}
                spec:
                  restartPolicy: Never
                  serviceAccountName: restore
                  containers:
                    - name: restore
                      image: registry.example/registry-backup:1.0
                      args: ["says", "what", "to", "do"]
                      env: [{name: SERVICE_ROLE, value: operation}]
                    - name: beside
                      image: registry.example/beside:1.0
                      args: ["stays"]
        """;

    private final Map<ServerRequest, Queue<ServerResponse>> responses = new HashMap<>();
    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), responses, new KubernetesMixedDispatcher(responses), false);
    private final KubernetesClient client = client();
    private final JobRunner runner =
            new JobRunner(client, NAMESPACE, Map.of(OperationKind.RESTORE, "restore"), request -> 1);

    private KubernetesClient client() {
        server.init();
        return server.createClient(builder ->
                builder.editOrNewConfig().withRequestRetryBackoffLimit(0).endConfig());
    }

    @AfterEach
    void close() {
        client.close();
        server.destroy();
    }

    @Test
    void aJobIsMadeFromTheCronJobsTemplateToRunTheOperation() {
        // Given
        template();

        // When
        runner.start(request("1"));

        // Then
        Job job = job();
        assertEquals("restore-20261122t134500z-11111111", job.getMetadata().getName());
        assertEquals(
                Map.of("app.kubernetes.io/part-of", NAMESPACE, OperationJob.OPERATION_LABEL, id("1").value()),
                job.getMetadata().getLabels());
        assertEquals(Map.of("note", "kept"), job.getMetadata().getAnnotations());
        assertEquals(2, job.getSpec().getBackoffLimit());
        assertNull(job.getSpec().getCompletionMode());
        assertEquals(86_400, job.getSpec().getTtlSecondsAfterFinished());
        PodTemplateSpec pod = job.getSpec().getTemplate();
        assertEquals(
                Map.of("app.kubernetes.io/name", "restore", OperationJob.OPERATION_LABEL, id("1").value()),
                pod.getMetadata().getLabels());
        assertEquals("restore", pod.getSpec().getServiceAccountName());
        Container container = pod.getSpec().getContainers().get(0);
        assertEquals("registry.example/registry-backup:1.0", container.getImage());
        assertEquals(List.of("operation", "run", id("1").value()), container.getArgs());
        assertEquals("SERVICE_ROLE", container.getEnv().get(0).getName());
        assertEquals(List.of("stays"), pod.getSpec().getContainers().get(1).getArgs());
    }

    @Test
    void aDividedOperationIsAnIndexedJobWhosePodsRunSideBySideAndAreRepeatedOneByOne() {
        // Given
        template();
        JobRunner divided = new JobRunner(client, NAMESPACE, Map.of(OperationKind.RESTORE, "restore"), request -> 4);

        // When
        divided.start(request("1"));

        // Then
        JobSpec spec = job().getSpec();
        assertEquals("Indexed", spec.getCompletionMode());
        assertEquals(
                List.of(4, 4, 2, 0, 8),
                List.of(
                        spec.getCompletions(),
                        spec.getParallelism(),
                        spec.getBackoffLimitPerIndex(),
                        spec.getMaxFailedIndexes(),
                        spec.getBackoffLimit()));
        Container container = spec.getTemplate().getSpec().getContainers().get(0);
        assertEquals(List.of("operation", "run", id("1").value()), container.getArgs());
        assertEquals(
                List.of("SERVICE_ROLE=operation", "JOB_COMPLETIONS=4"),
                container.getEnv().stream()
                        .map(variable -> variable.getName() + "=" + variable.getValue())
                        .toList());
    }

    @Test
    void aTemplateWithoutMetadataWillDo() {
        // Given
        CronJob plain = client.batch().v1().cronjobs().load(stream(TEMPLATE)).item();
        plain.getSpec().getJobTemplate().setMetadata(null);
        plain.getSpec().getJobTemplate().getSpec().getTemplate().setMetadata(null);
        client.batch().v1().cronjobs().resource(plain).create();

        // When
        runner.start(request("1"));

        // Then
        assertEquals(
                Map.of(OperationJob.OPERATION_LABEL, id("1").value()),
                job().getMetadata().getLabels());
        assertEquals(
                Map.of(OperationJob.OPERATION_LABEL, id("1").value()),
                job().getSpec().getTemplate().getMetadata().getLabels());
    }

    @Test
    void aJobThatIsThereSinceTheRequestWasSentTwiceIsOurs() {
        // Given
        template();
        runner.start(request("1"));

        // When
        runner.start(request("1"));

        // Then
        assertEquals(
                1,
                client.batch()
                        .v1()
                        .jobs()
                        .inNamespace(NAMESPACE)
                        .list()
                        .getItems()
                        .size());
    }

    @Test
    void withoutItsCronJobAnOperationIsNotStarted() {
        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request("1")));

        // Then
        assertEquals(
                "Failed to start operation %s: namespace registry-backup has no CronJob restore as the template of its Job."
                                .formatted(id("1"))
                        + " Apply knative/base/jobs/restore-jobs.yaml",
                failure.getMessage());
    }

    @Test
    void aKindWithoutACronJobIsNotStarted() {
        // Given
        OperationRequest verify = request(OperationKind.VERIFY, "backup", "1");

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(verify));

        // Then
        assertEquals(
                "Failed to start operation %s: no CronJob is configured to verify with".formatted(id("1")),
                failure.getMessage());
    }

    @Test
    void aMissingRightOfTheServiceAccountIsReported() {
        // Given
        template();
        server.expect()
                .post()
                .withPath(JOBS)
                .andReturn(403, status(403, "jobs.batch is forbidden"))
                .once();

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request("1")));

        // Then
        assertEquals(
                "Failed to start a Job for operation %s: the Kubernetes API answered 403: jobs.batch is forbidden. Let the"
                                .formatted(id("1"))
                        + " service account get cronjobs, and get, create and delete jobs, in namespace"
                        + " registry-backup",
                failure.getMessage());
    }

    @Test
    void anErrorOfTheApiIsReported() {
        // Given
        server.expect()
                .get()
                .withPath(CRON_JOB)
                .andReturn(500, status(500, "etcdserver: request timed out"))
                .once();

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request("1")));

        // Then
        assertEquals(
                "Failed to start a Job for operation %s: the Kubernetes API answered 500: etcdserver: request timed out."
                                .formatted(id("1"))
                        + " Retry",
                failure.getMessage());
    }

    @Test
    void anApiThatDoesNotAnswerIsSaid() {
        // Given
        server.shutdown();

        // When
        OperationNotStartedException failure =
                assertThrows(OperationNotStartedException.class, () -> runner.start(request("1")));

        // Then
        String message = String.valueOf(failure.getMessage());
        assertTrue(
                message.matches("Failed to start a Job for operation %s: the Kubernetes API did not answer: .+"
                                .formatted(id("1"))
                        + "\\. Retry; without a cluster, set operations.runner=process"),
                message);
    }

    @Test
    void aJobThatHasNotEndedIsAtWork() {
        // Given
        template();
        runner.start(request("1"));

        // When
        Liveness liveness = runner.liveness(request("1"));

        // Then
        assertEquals(Liveness.RUNNING, liveness);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Failed | BackoffLimitExceeded | Job has reached its limit | BackoffLimitExceeded: Job has reached its"
                        + " limit",
                "Failed | DeadlineExceeded | | DeadlineExceeded",
                "Complete | | | Complete"
            })
    void aJobThatHasEndedHasAReason(String type, String reason, String message, String expected) {
        // Given
        template();
        runner.start(request("1"));
        end(type, reason, message);

        // When
        Liveness liveness = runner.liveness(request("1"));

        // Then
        assertEquals(Liveness.dead("Its Job restore-20261122t134500z-11111111 has finished: " + expected), liveness);
    }

    @Test
    void aJobThatIsMissingCountsAsDead() {
        // When
        Liveness liveness = runner.liveness(request("1"));

        // Then
        assertEquals(Liveness.dead("Its Job restore-20261122t134500z-11111111 is missing"), liveness);
    }

    @Test
    void anApiThatCannotBeAskedIsNeverAJobThatIsGone() {
        // Given
        server.expect()
                .get()
                .withPath(JOB)
                .andReturn(403, status(403, "jobs.batch is forbidden"))
                .once();

        // When
        Liveness liveness = runner.liveness(request("1"));

        // Then
        assertEquals(Liveness.Kind.UNKNOWN, liveness.kind());
        assertTrue(
                liveness.reason()
                        .startsWith(
                                "It cannot be determined whether its Job restore-20261122t134500z-11111111 runs: the"
                                        + " Kubernetes API answered 403: jobs.batch is forbidden"),
                liveness.reason());
    }

    @Test
    void anApiThatDoesNotAnswerIsNeverAJobThatIsGone() {
        // Given
        server.shutdown();

        // When
        Liveness liveness = runner.liveness(request("1"));

        // Then
        assertEquals(Liveness.Kind.UNKNOWN, liveness.kind());
    }

    @Test
    void anAbandonedOperationsJobIsRemovedAndNoOther() {
        // Given
        template();
        runner.start(request("1"));
        runner.start(request("2"));

        // When
        runner.abandon(request("2"));

        // Then
        assertEquals(
                List.of("restore-20261122t134500z-11111111"),
                client.batch().v1().jobs().inNamespace(NAMESPACE).list().getItems().stream()
                        .map(job -> job.getMetadata().getName())
                        .toList());
    }

    @Test
    void aJobThatCannotBeRemovedIsNoFailure() {
        // Given
        template();
        runner.start(request("1"));
        server.expect().delete().withPath(JOB).andReturn(403, status(403, "no")).once();

        // When
        runner.abandon(request("1"));

        // Then
        assertEquals(id("1").value(), job().getMetadata().getLabels().get(OperationJob.OPERATION_LABEL));
    }

    private void template() {
        client.batch().v1().cronjobs().load(stream(TEMPLATE)).create();
    }

    private Job job() {
        return client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withName("restore-20261122t134500z-11111111")
                .require();
    }

    private void end(String type, String reason, String message) {
        client.resource(job())
                .editStatus(job -> new JobBuilder(job)
                        .editOrNewStatus()
                        .addNewCondition()
                        .withType("Suspended")
                        .withStatus("False")
                        .endCondition()
                        .addNewCondition()
                        .withType(type)
                        .withStatus("True")
                        .withReason(reason)
                        .withMessage(message)
                        .endCondition()
                        .endStatus()
                        .build());
    }

    private static Status status(int code, String message) {
        return new StatusBuilder().withCode(code).withMessage(message).build();
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static OperationRequest request(String digit) {
        return request(OperationKind.RESTORE, "registry", digit);
    }

    private static OperationRequest request(OperationKind kind, String slot, String digit) {
        return new OperationRequest(
                id(digit), kind, slot, JsonNodeFactory.instance.objectNode(), "alice", Instant.EPOCH);
    }

    private static OperationId id(String digit) {
        return new OperationId("20261122T134500Z-" + digit.repeat(8));
    }
}
