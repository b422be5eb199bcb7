package dev.registrybackup.app.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Token and access reviews, over HTTP. */
class KubernetesTokenAuthorizerTest {
    private static final String TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String RIGHTS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

    private OpenShiftApi api;
    private OpenShiftApi.Account service;
    private OpenShiftApi.Account caller;
    private KubernetesClient client;
    private KubernetesTokenAuthorizer reviews;

    @BeforeEach
    void start() {
        api = OpenShiftApi.startWithoutImages(new SettableClock());
        service = api.account("operations")
                .may("create", "authentication.k8s.io", "tokenreviews", "*")
                .may("create", "authorization.k8s.io", "subjectaccessreviews", "*");
        caller = api.account("alice")
                .may("restore", KubernetesTokenAuthorizer.GROUP, KubernetesTokenAuthorizer.RESOURCE, "backups-here");
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withAutoConfigure(false)
                        .withMasterUrl(api.url())
                        .withOauthToken(service.token())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        reviews = new KubernetesTokenAuthorizer(client, "backups-here", List.of());
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    @Test
    void anAllowedCallerTakesTwoReviewsWithTheCallersIdentity() {
        // When
        AuthDecision authDecision = reviews.authorize(caller.token(), "restore");

        // Then
        assertEquals(new AuthDecision(Answer.ALLOWED, "alice", "the cluster allows it"), authDecision);
        assertEquals(List.of("POST " + TOKENS, "POST " + RIGHTS), api.requests());
    }

    @Test
    void aVerbThatIsNotGrantedIsForbiddenAndNamed() {
        // When
        AuthDecision authDecision = reviews.authorize(caller.token(), "cancel");

        // Then
        assertEquals(
                AuthDecision.forbidden(
                        "alice",
                        "the cluster does not allow it: it takes the verb cancel on backups.registrybackup.dev in namespace"
                                + " backups-here"),
                authDecision);
    }

    @Test
    void withAnAudienceOnlyATokenForItIsTaken() {
        // Given
        KubernetesTokenAuthorizer ours =
                new KubernetesTokenAuthorizer(client, "backups-here", List.of("registry-backup", "another"));

        // When
        AuthDecision own = ours.authorize(caller.token("registry-backup"), "restore");
        AuthDecision ofTheCluster = ours.authorize(caller.token(), "restore");

        // Then
        assertEquals(Answer.ALLOWED, own.answer());
        assertEquals(
                AuthDecision.unauthenticated("the cluster does not know the token, or it is not for the audience"
                        + " registry-backup or another: kubectl create token --audience registry-backup"),
                ofTheCluster);
        assertEquals(
                Answer.UNAUTHENTICATED,
                reviews.authorize(caller.token("registry-backup"), "restore").answer());
    }

    @Test
    void aClusterThatKnowsNoAudiencesIsNotBelieved() {
        // Given
        api.ignoreAudiences();

        // When
        AuthDecision decision = new KubernetesTokenAuthorizer(client, "backups-here", List.of("registry-backup"))
                .authorize(caller.token(), "restore");

        // Then
        assertEquals(Answer.UNAUTHENTICATED, decision.answer());
    }

    @Test
    void aRightInAnotherNamespaceIsNone() {
        // When
        AuthDecision authDecision =
                new KubernetesTokenAuthorizer(client, "elsewhere", List.of()).authorize(caller.token(), "restore");

        // Then
        assertEquals(Answer.FORBIDDEN, authDecision.answer());
    }

    @Test
    void aTokenThatTheClusterDoesNotKnowIsNobodysAndNothingMoreIsAsked() {
        // When
        AuthDecision authDecision = reviews.authorize("nobodys", "restore");

        // Then
        assertEquals(AuthDecision.unauthenticated("the cluster does not know the token"), authDecision);
        assertEquals(List.of("POST " + TOKENS), api.requests());
    }

    @ParameterizedTest
    @CsvSource({"authentication.k8s.io, tokenreviews", "authorization.k8s.io, subjectaccessreviews"})
    void withoutTheRightToAskNothingIsKnownAndTheRightIsNamed(String group, String resource) {
        // Given
        service.mayNot("create", group, resource, "*");

        // When
        AuthDecision authDecision = reviews.authorize(caller.token(), "restore");

        // Then
        assertEquals(
                AuthDecision.unknown(
                        ("the Kubernetes API answered 403: %2$s.%1$s is forbidden: User \"operations\" cannot create resource"
                                        + " \"%2$s\" in API group \"%1$s\" at the cluster scope. Bind this pod's service account"
                                        + " to the cluster role system:auth-delegator: docs/rights.md")
                                .formatted(group, resource)),
                authDecision);
    }

    @Test
    void anApiThatIsGoneKnowsNothing() {
        // Given
        api.close();

        // When
        AuthDecision authDecision = reviews.authorize(caller.token(), "restore");

        // Then
        assertEquals(Answer.UNKNOWN, authDecision.answer());
        assertFalse(authDecision.reason().contains(caller.token()), authDecision::reason);
    }

    @Test
    void anApiThatCutsTheSecondAnswerKnowsNothing() {
        // Given
        api.onRequest(request -> {
            if (request.path().equals(RIGHTS)) {
                throw new IllegalStateException("cut");
            }
        });

        // When
        AuthDecision authDecision = reviews.authorize(caller.token(), "restore");

        // Then
        assertEquals(Answer.UNKNOWN, authDecision.answer());
    }
}
