package dev.registrybackup.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterChecksTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeCluster ofCaptures = new FakeCluster();

    private Map<String, Check> checks() {
        return checks(true);
    }

    private Map<String, Check> checks(boolean isOpenShift) {
        return new ClusterChecks(cluster, () -> ofCaptures, "backup", List.of("verify", "reconcile"), true, isOpenShift)
                .run().stream().collect(Collectors.toMap(Check::name, check -> check));
    }

    /** Adds the template of an operation's Jobs. */
    private void addCronJob(String name, boolean isSuspended) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putObject("spec").put("suspend", isSuspended);
        cluster.put(new ObjectName(Resource.CRON_JOB, Optional.of("backup"), name), json);
    }

    @Test
    void grantedRightsAndExistingObjectsPass() {
        // Given
        addCronJob("verify", true);
        addCronJob("reconcile", true);

        // When
        Map<String, Check> checks = checks();

        // Then
        assertEquals(8, checks.size());
        assertTrue(checks.values().stream().allMatch(check -> check.state() == State.PASS), checks::toString);
    }

    private static Check check(Map<String, Check> checks, String name) {
        return Objects.requireNonNull(checks.get(name), () -> "No check " + name + " but " + checks.keySet());
    }

    @Test
    void rightsThatAreNotGrantedFail() {
        // Given
        cluster.refuse("create jobs", "delete jobs", "create tokenreviews");

        // When
        Map<String, Check> checks = checks();

        // Then
        Check jobs = check(checks, "right to jobs.batch in backup");
        assertEquals(State.FAIL, jobs.state());
        assertEquals("not granted: create, delete", jobs.found());
        assertEquals(
                State.FAIL,
                check(checks, "right to tokenreviews.authentication.k8s.io").state());
    }

    @Test
    void aTemplateThatIsMissingOrNotSuspendedFails() {
        // Given
        addCronJob("reconcile", false);

        // When
        Map<String, Check> checks = checks();

        // Then
        assertEquals(
                "kubectl apply -k <your overlay>",
                check(checks, "CronJob verify").remedy());
        assertEquals(State.FAIL, check(checks, "CronJob reconcile").state());
        assertEquals(
                "kubectl patch cronjob reconcile -n backup -p '{\"spec\":{\"suspend\":true}}'",
                check(checks, "CronJob reconcile").remedy());
    }

    @Test
    void imageStreamsAreReadByTheAccountThatCaptures() {
        // Given: this process needs no such right
        cluster.refuse("get images", "list images", "get imagestreams", "list imagestreams");
        ofCaptures.refuse("list images");

        // When
        Map<String, Check> checks = checks();

        // Then
        assertEquals(
                "not granted: list",
                check(checks, "right to images.image.openshift.io").found());
        assertEquals(
                State.PASS,
                check(checks, "right to imagestreams.image.openshift.io").state());
    }

    @Test
    void aClusterThatDoesNotAnswerLeavesEveryCheckUnknown() {
        // Given
        cluster.fail(ClusterError.UNAVAILABLE);
        ofCaptures.fail(ClusterError.UNAVAILABLE);

        // When
        Map<String, Check> checks = checks();

        // Then
        assertTrue(checks.values().stream().allMatch(check -> check.state() == State.UNKNOWN), checks::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "true, true, PASS, ''",
        "false, false, PASS, ''",
        "false, true, FAIL, Set registry.kind=openshift and apply knative/openshift",
        "true, false, FAIL, 'Run this on the cluster whose registry it is, or set registry.kind=plain'"
    })
    void theKindOfRegistryMustMatchTheCluster(boolean isOpenShift, boolean servesImages, State state, String remedy) {
        // Given
        if (!servesImages) {
            cluster.withoutImages();
        }

        // When
        Check kind = check(checks(isOpenShift), "registry.kind");

        // Then
        assertEquals(state, kind.state());
        assertEquals(remedy, kind.remedy());
    }

    @Test
    void aTemplateThatMayNotBeReadFails() {
        // Given
        cluster.fail(ClusterError.FORBIDDEN);

        // When
        Check template = check(checks(), "CronJob verify");

        // Then
        assertEquals(State.FAIL, template.state());
    }
}
