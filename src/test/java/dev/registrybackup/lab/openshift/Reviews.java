package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** What is answered about who somebody is and what he may: objects that are created, and never kept. */
final class Reviews {
    private static final String TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String SUBJECTS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    static final String SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

    private final Rights rights;

    Reviews(Rights rights) {
        this.rights = rights;
    }

    /** Empty if the request is for nothing of that kind. */
    Optional<Answer> answer(Request request, OpenShiftApi.Account caller) {
        return switch (request.path()) {
            // Everybody may, as system:basic-user grants.
            case SELF -> Optional.of(reviewed(request, rights(caller, request.json())));
            case TOKENS -> {
                require(request, caller);
                yield Optional.of(reviewed(request, holder(request.json())));
            }
            case SUBJECTS -> {
                require(request, caller);
                yield Optional.of(reviewed(request, subject(request.json())));
            }
            default -> Optional.empty();
        };
    }

    private static void require(Request request, OpenShiftApi.Account caller) {
        Access.require(caller, "create", Address.of(request.path()).orElseThrow());
    }

    private static Answer reviewed(Request request, ObjectNode status) {
        ObjectNode answer = request.json();
        answer.set("status", status);
        return Answer.created(answer);
    }

    /** KUBE pkg/registry/authentication/tokenreview/storage.go: who is not known is no error of the request's. */
    private ObjectNode holder(ObjectNode review) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        Optional<OpenShiftApi.Account> holder =
                rights.holder(review.at("/spec/token").asText());
        status.put("authenticated", holder.isPresent());
        if (holder.isEmpty()) {
            status.put("error", "[invalid bearer token, token lookup failed]");
        } else {
            String name = holder.get().name();
            ObjectNode user = status.putObject("user");
            user.put("username", name).put("uid", "uid-of-" + name);
            user.putArray("groups").add("group-of-" + name).add("system:authenticated");
            user.putObject("extra")
                    .putArray("scopes.authorization.openshift.io")
                    .add("user:full");
            status.putArray("audiences").add("https://kubernetes.default.svc");
        }
        return status;
    }

    /** KUBE pkg/registry/authorization/subjectaccessreview/rest.go. A right here takes all that the token's review told. */
    private ObjectNode subject(ObjectNode review) {
        JsonNode spec = review.path("spec");
        String name = spec.path("user").asText();
        boolean whole = spec.path("uid").asText().equals("uid-of-" + name)
                && spec.path("groups") instanceof ArrayNode groups
                && groups.size() == 2
                && spec.at("/extra/scopes.authorization.openshift.io/0")
                        .asText()
                        .equals("user:full");
        ObjectNode status = rights(rights.account(name), review);
        return whole ? status : status.put("allowed", false);
    }

    private static ObjectNode rights(OpenShiftApi.Account of, ObjectNode review) {
        JsonNode asked = review.at("/spec/resourceAttributes");
        String subresource = asked.path("subresource").asText();
        String resource = asked.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource);
        boolean allowed = of.granted.allows(
                asked.path("verb").asText(),
                asked.path("group").asText(),
                resource,
                asked.path("namespace").asText());
        return JsonNodeFactory.instance.objectNode().put("allowed", allowed);
    }
}
