package dev.registrybackup.imagestream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import dev.registrybackup.registry.RepositoryName;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpenShiftClusterTest {
    private static final String DIGEST = "sha256:" + "a".repeat(64);
    private static final ObjectName APP = ObjectName.stream(new RepositoryName("dev/app"));

    private OpenShiftApi api;
    private OpenShiftApi.Account account;
    private KubernetesClient client;
    private OpenShiftCluster cluster;

    @BeforeEach
    void start() {
        api = OpenShiftApi.start(new SettableClock());
        account = api.account("somebody").everything();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withAutoConfigure(false)
                        .withMasterUrl(api.url())
                        .withOauthToken(account.token())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        cluster = new OpenShiftCluster(client);
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    private void streams(int number) {
        for (int each = 0; each < number; each++) {
            api.importExternal("dev", "app" + each, "1", DIGEST, "quay.io/a/b@" + DIGEST);
        }
    }

    private List<ObjectNode> all(int limit) {
        List<ObjectNode> all = new ArrayList<>();
        cluster.forEach(Resource.IMAGE_STREAM, Optional.empty(), limit, all::add);
        return all;
    }

    @Test
    void aListHasEachObjectAsItIsReadAlone() {
        // Given
        streams(5);
        // When
        List<ObjectNode> listed = all(2);
        // Then
        assertEquals(5, listed.size());
        for (ObjectNode stream : listed) {
            ObjectName name = new ObjectName(
                    Resource.IMAGE_STREAM,
                    Optional.of("dev"),
                    stream.path("metadata").path("name").asText());
            assertEquals(cluster.find(name).orElseThrow(), stream);
        }
    }

    @Test
    void aListThatWasStartedTooLongAgoHasExpired() {
        // Given
        streams(3);
        Optional<String> next = cluster.list(Resource.IMAGE_STREAM, Optional.empty(), 2, Optional.empty())
                .next();
        api.expireNextContinue();
        // When
        ClusterException failure = assertThrows(
                ClusterException.class, () -> cluster.list(Resource.IMAGE_STREAM, Optional.empty(), 2, next));
        // Then
        assertEquals(ClusterError.EXPIRED, failure.error());
    }

    @Test
    void aMissingObjectOfTheClusterIsEmpty() {
        // Given
        streams(1);
        // When
        Optional<ObjectNode> found = cluster.find(APP);
        // Then
        assertTrue(found.isEmpty());
        assertTrue(cluster.find(APP, "layers").isEmpty());
        assertTrue(cluster.find(ObjectName.of(Resource.NAMESPACE, "nobody")).isEmpty());
    }

    @Test
    void aRefusalHasTheRequestTheAnswerAndTheRemedy() {
        // Given
        account.mayNot("get", "image.openshift.io", "imagestreams", "*");
        // When
        ClusterException failure = assertThrows(ClusterException.class, () -> cluster.find(APP));
        // Then
        assertEquals(ClusterError.FORBIDDEN, failure.error());
        assertEquals(
                "Failed to read imagestreams.image.openshift.io dev/app: the Kubernetes API answered 403:"
                        + " imagestreams.image.openshift.io \"app\" is forbidden: User \"somebody\" cannot get resource"
                        + " \"imagestreams\" in API group \"image.openshift.io\" in the namespace \"dev\". Bind the"
                        + " service account to a role that allows it: docs/rights.md",
                failure.getMessage());
    }

    @Test
    void anExistingObjectAndAConflictAreDistinguished() {
        // Given
        streams(1);
        ObjectName name = new ObjectName(Resource.IMAGE_STREAM, Optional.of("dev"), "app0");
        ObjectNode read = cluster.find(name).orElseThrow();
        api.importExternal("dev", "app0", "2", DIGEST, "quay.io/a/b@" + DIGEST);
        ObjectNode fresh = JsonNodeFactory.instance.objectNode();
        fresh.put("apiVersion", "image.openshift.io/v1").put("kind", "ImageStream");
        fresh.putObject("metadata").put("name", "app0").put("namespace", "dev");
        // When
        ClusterException exists = assertThrows(ClusterException.class, () -> cluster.create(name, fresh));
        ClusterException changed = assertThrows(ClusterException.class, () -> cluster.replaceStatus(name, read));
        // Then
        assertEquals(ClusterError.EXISTS, exists.error());
        assertEquals(ClusterError.CONFLICT, changed.error());
    }

    @Test
    void rightsAreAskedForByVerbResourceAndSubresource() {
        // Given
        account.mayNot("update", "image.openshift.io", "imagestreams/status", "*");
        // When
        boolean mayUpdate = cluster.canI("update", Resource.IMAGE_STREAM, Optional.empty(), Optional.of("dev"));
        // Then
        assertTrue(mayUpdate);
        assertFalse(cluster.canI("update", Resource.IMAGE_STREAM, Optional.of("status"), Optional.of("dev")));
    }

    @Test
    void rightsOfJobsAreThoseOfTheAccountThatTheirTemplateNames() {
        // Given
        api.cronJob("backup", "restore", "restore-job");
        api.account("system:serviceaccount:backup:restore-job").may("create", "image.openshift.io", "images", "");
        OpenShiftCluster asked = cluster.withRightsOfJobs("backup", "restore");

        // When
        boolean mayCreate = asked.canI("create", Resource.IMAGE, Optional.empty(), Optional.empty());

        // Then
        assertTrue(mayCreate);
        assertFalse(asked.canI("create", Resource.IMAGE_STREAM, Optional.empty(), Optional.of("dev")));
        assertTrue(cluster.canI("create", Resource.IMAGE_STREAM, Optional.empty(), Optional.of("dev")));
    }

    @Test
    void withoutTheTemplateRightsOfJobsAreNotFound() {
        // When
        ClusterException missing =
                assertThrows(ClusterException.class, () -> cluster.withRightsOfJobs("backup", "restore"));

        // Then
        assertEquals(ClusterError.NOT_FOUND, missing.error());
        assertTrue(String.valueOf(missing.getMessage()).contains("kubectl apply -k"), missing::toString);
    }

    @Test
    void aClusterThatIsNotOpenShiftHasNoImages() {
        // Given
        boolean before = cluster.hasImages();
        // When
        api.withoutImages();
        // Then
        assertTrue(before);
        assertFalse(cluster.hasImages());
    }

    @Test
    void aServerThatDoesNotAnswerIsUnavailable() {
        // Given
        api.close();
        // When
        ClusterException failure = assertThrows(ClusterException.class, () -> cluster.find(APP));
        // Then
        assertEquals(ClusterError.UNAVAILABLE, failure.error());
    }
}
