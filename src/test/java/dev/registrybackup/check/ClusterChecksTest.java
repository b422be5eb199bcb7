package dev.registrybackup.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterChecksTest {
    private final Set<String> refused = new HashSet<>();
    private final Set<String> refusedToCaptures = new HashSet<>();
    private final Map<String, Boolean> suspended = new HashMap<>();
    private @Nullable ClusterError failure;

    private boolean hasImages = true;

    private Map<String, Check> points() {
        return points(true);
    }

    private Map<String, Check> points(boolean isOpenShift) {
        ClusterChecks.Needs needs =
                new ClusterChecks.Needs("backup", List.of("verify", "reconcile"), true, isOpenShift);
        return new ClusterChecks(new FakeCluster(refused), () -> new FakeCluster(refusedToCaptures), needs)
                .run().stream().collect(Collectors.toMap(Check::name, check -> check));
    }

    /** A cluster that answers as this test says. */
    private final class FakeCluster implements Cluster {
        private final Set<String> refused;

        private FakeCluster(Set<String> refused) {
            this.refused = refused;
        }

        private void ask(String what) {
            if (failure != null) {
                throw new ClusterException(failure, "Failed to " + what + ": " + failure);
            }
        }

        @Override
        public boolean hasImages() {
            ask("look for images");
            return hasImages;
        }

        @Override
        public Page list(Resource resource, Optional<String> namespace, int limit, Optional<String> after) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<ObjectNode> find(ObjectName name) {
            ask("read " + name);
            return Optional.ofNullable(suspended.get(name.name())).map(is -> {
                ObjectNode json = JsonNodeFactory.instance.objectNode();
                json.putObject("spec").put("suspend", is);
                return json;
            });
        }

        @Override
        public Optional<ObjectNode> find(ObjectName name, String part) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean canI(String verb, Resource resource, Optional<String> part, Optional<String> namespace) {
            ask("ask");
            return !refused.contains(verb + " " + resource.plural());
        }
    }

    @Test
    void whatIsGrantedAndThereIsFine() {
        // Given
        suspended.put("verify", true);
        suspended.put("reconcile", true);

        // When
        Map<String, Check> points = points();

        // Then
        assertEquals(8, points.size());
        assertTrue(points.values().stream().allMatch(check -> check.state() == State.PASS), points::toString);
    }

    private static Check point(Map<String, Check> points, String name) {
        return Objects.requireNonNull(points.get(name), () -> "No point " + name + " but " + points.keySet());
    }

    @Test
    void rightsThatAreNotGrantedAreNamed() {
        // Given
        refused.addAll(List.of("create jobs", "delete jobs", "create tokenreviews"));

        // When
        Map<String, Check> points = points();

        // Then
        Check jobs = point(points, "right to jobs.batch in backup");
        assertEquals(State.FAIL, jobs.state());
        assertEquals("not granted: create, delete", jobs.found());
        assertEquals(
                State.FAIL,
                point(points, "right to tokenreviews.authentication.k8s.io").state());
    }

    @Test
    void aTemplateThatIsNotThereOrWouldRunByItselfIsMissing() {
        // Given
        suspended.put("reconcile", false);

        // When
        Map<String, Check> points = points();

        // Then
        assertEquals(
                "kubectl apply -k <your overlay>",
                point(points, "CronJob verify").remedy());
        assertEquals(State.FAIL, point(points, "CronJob reconcile").state());
        assertEquals(
                "kubectl patch cronjob reconcile -n backup -p '{\"spec\":{\"suspend\":true}}'",
                point(points, "CronJob reconcile").remedy());
    }

    @Test
    void imageStreamsAreReadByTheAccountThatCaptures() {
        // Given: this process needs no such right
        refused.addAll(List.of("get images", "list images", "get imagestreams", "list imagestreams"));
        refusedToCaptures.add("list images");

        // When
        Map<String, Check> points = points();

        // Then
        assertEquals(
                "not granted: list",
                point(points, "right to images.image.openshift.io").found());
        assertEquals(
                State.PASS,
                point(points, "right to imagestreams.image.openshift.io").state());
    }

    @Test
    void aClusterThatDoesNotAnswerIsNeverSaidToBeFine() {
        // Given
        failure = ClusterError.UNAVAILABLE;

        // When
        Map<String, Check> points = points();

        // Then
        assertTrue(points.values().stream().allMatch(check -> check.state() == State.UNKNOWN), points::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "true, true, PASS, ''",
        "false, false, PASS, ''",
        "false, true, FAIL, Set registry.kind=openshift and apply knative/openshift",
        "true, false, FAIL, 'Run this on the cluster whose registry it is, or set registry.kind=plain'"
    })
    void theKindOfRegistryHasToFitTheCluster(boolean isOpenShift, boolean servesImages, State state, String remedy) {
        // Given
        hasImages = servesImages;

        // When
        Check kind = point(points(isOpenShift), "registry.kind");

        // Then
        assertEquals(state, kind.state());
        assertEquals(remedy, kind.remedy());
    }

    @Test
    void aTemplateThatMayNotBeReadIsMissingItsRight() {
        // Given
        failure = ClusterError.FORBIDDEN;

        // When
        Check template = point(points(), "CronJob verify");

        // Then
        assertEquals(State.FAIL, template.state());
    }
}
