package dev.registrybackup.app.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.operation.kubernetes.ApiFailure;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Authorizes callers with the cluster: TokenReview identifies the caller, SubjectAccessReview decides, with the
 * function's name as the verb on the resource {@value #RESOURCE} of the group {@value #GROUP}, which exists only for
 * this. Needs the cluster role system:auth-delegator. Safe for use by many threads; blocks.
 */
public final class KubernetesTokenAuthorizer implements TokenAuthorizer {
    /** The API group of the rights. */
    public static final String GROUP = "registrybackup.dev";
    /** The resource of the rights. */
    public static final String RESOURCE = "backups";

    private static final System.Logger LOGGER = System.getLogger(KubernetesTokenAuthorizer.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String RIGHTS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

    private final KubernetesClient client;
    private final String namespace;
    private final List<String> audiences;

    /**
     * Uses this client's cluster and the rights in this namespace.
     *
     * @param audiences a token has to be for one of these; none for the API server's own, whose tokens may do in the
     *     cluster whatever their holder may
     */
    public KubernetesTokenAuthorizer(KubernetesClient client, String namespace, List<String> audiences) {
        this.client = client;
        this.namespace = namespace;
        this.audiences = List.copyOf(audiences);
    }

    @Override
    public AuthDecision authorize(String token, String verb) {
        try {
            JsonNode review = send(TOKENS, tokenReview(token));
            return review.path("authenticated").asBoolean() && isForUs(review.path("audiences"))
                    ? rights(review.path("user"), verb)
                    : AuthDecision.unauthenticated(notKnown());
        } catch (KubernetesClientException e) {
            return unknown(ApiFailure.describe(e, remedy(e)).replace(token, "(the token)"));
        } catch (IOException e) {
            return unknown("the Kubernetes API's response cannot be read. Retry");
        }
    }

    private ObjectNode tokenReview(String token) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenReview");
        ObjectNode spec = review.putObject("spec").put("token", token);
        if (!audiences.isEmpty()) {
            audiences.forEach(spec.putArray("audiences")::add);
        }
        return review;
    }

    /** A server that knows no audiences answers none, and has accepted any token (Kubernetes, {@code TokenReviewStatus}). */
    private boolean isForUs(JsonNode accepted) {
        return audiences.isEmpty()
                || accepted.valueStream().map(JsonNode::asText).anyMatch(audiences::contains);
    }

    private String notKnown() {
        return audiences.isEmpty()
                ? "the cluster does not know the token"
                : "the cluster does not know the token, or it is not for the audience %s: kubectl create token --audience %s"
                        .formatted(String.join(" or ", audiences), audiences.get(0));
    }

    private AuthDecision rights(JsonNode user, String verb) throws IOException {
        String name = user.path("username").asText();
        if (name.isEmpty()) {
            throw new IOException("it accepts the token but gives no name");
        }
        JsonNode review = send(RIGHTS, accessReview(user, verb));
        boolean allowed =
                review.path("allowed").asBoolean() && !review.path("denied").asBoolean();
        return allowed
                ? AuthDecision.allowed(name, "the cluster allows it")
                : AuthDecision.forbidden(
                        name,
                        "the cluster does not allow it: it takes the verb %s on %s.%s in namespace %s"
                                .formatted(verb, RESOURCE, GROUP, namespace));
    }

    private ObjectNode accessReview(JsonNode user, String verb) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        ObjectNode spec = review.putObject("spec");
        spec.put("user", user.path("username").asText());
        for (String field : List.of("uid", "groups", "extra")) {
            if (user.hasNonNull(field)) {
                spec.set(field, user.get(field));
            }
        }
        spec.putObject("resourceAttributes")
                .put("namespace", namespace)
                .put("verb", verb)
                .put("group", GROUP)
                .put("resource", RESOURCE);
        return review;
    }

    /** The status of the review in the response. */
    private JsonNode send(String path, ObjectNode review) throws IOException {
        @Nullable String answer = client.raw(path, "POST", review.toString());
        JsonNode status = JSON.readTree(answer == null ? "" : answer).path("status");
        if (!status.isObject()) {
            throw new IOException("it has no status");
        }
        return status;
    }

    private static String remedy(KubernetesClientException failure) {
        return failure.getCode() == 401 || failure.getCode() == 403
                ? "Bind this pod's service account to the cluster role system:auth-delegator: docs/rights.md"
                : "Retry";
    }

    private static AuthDecision unknown(String reason) {
        LogEvent.of("caller-unknown").with("reason", reason).log(LOGGER, Level.WARNING);
        return AuthDecision.unknown(reason);
    }
}
