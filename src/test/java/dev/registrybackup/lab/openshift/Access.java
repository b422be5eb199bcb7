package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Whether a caller may do what it asks for. */
final class Access {
    static final String REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

    private Access() {}

    /** KUBE endpoints/request/requestinfo.go, NewRequestInfo. */
    static String verb(Request request, Address address) {
        return switch (request.method()) {
            case "GET" -> address.name().isEmpty() ? "list" : "get";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> "delete";
            default -> throw Refusal.methodNotAllowed();
        };
    }

    /** Refuses with 403 in the words of KUBE endpoints/handlers/responsewriters/errors.go, forbiddenMessage. */
    static void require(OpenShiftApi.Account caller, String verb, Address address) {
        if (!caller.granted.allows(verb, address.group(), address.resourcePath(), address.namespace())) {
            String where = address.namespace().isEmpty()
                    ? "at the cluster scope"
                    : "in the namespace \"%s\"".formatted(address.namespace());
            throw Refusal.forbidden(
                    address,
                    "User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s"
                            .formatted(caller.name(), verb, address.resourcePath(), address.group(), where));
        }
    }

    /** Answers a SelfSubjectAccessReview from the same rights; everybody may ask, as system:basic-user grants. */
    static Answer review(OpenShiftApi.Account caller, ObjectNode review) {
        JsonNode asked = review.at("/spec/resourceAttributes");
        String subresource = asked.path("subresource").asText();
        String resource = asked.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource);
        boolean allowed = caller.granted.allows(
                asked.path("verb").asText(),
                asked.path("group").asText(),
                resource,
                asked.path("namespace").asText());
        ObjectNode answer = review.deepCopy();
        answer.put("kind", "SelfSubjectAccessReview").put("apiVersion", "authorization.k8s.io/v1");
        answer.putObject("status").put("allowed", allowed);
        return Answer.created(answer);
    }
}
