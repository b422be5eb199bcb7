package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A request that is refused, with the Status that KUBE staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go makes, but
 * for its details.
 */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final transient ObjectNode status = JsonNodeFactory.instance.objectNode();

    private Refusal(int code, String reason, String message) {
        super(message);
        this.code = code;
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Failure").put("message", message);
        if (!reason.isEmpty()) {
            status.put("reason", reason);
        }
        status.put("code", code);
    }

    Api.Answer answer() {
        return new Api.Answer(code, status);
    }

    static Refusal unauthorized() {
        return new Refusal(401, "Unauthorized", "Unauthorized");
    }

    static Refusal badRequest(String message) {
        return new Refusal(400, "BadRequest", message);
    }

    static Refusal methodNotAllowed() {
        return new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }

    static Refusal noSuchResource() {
        return new Refusal(404, "NotFound", "the server could not find the requested resource");
    }

    /** An error without a type becomes 500 without a reason: KUBE endpoints/handlers/responsewriters/status.go. */
    static Refusal internal(String message) {
        return new Refusal(500, "", message);
    }

    static Refusal notFound(Resource resource, String name) {
        return new Refusal(404, "NotFound", "%s \"%s\" not found".formatted(resource.qualified(), name));
    }

    static Refusal alreadyExists(Resource resource, String name) {
        return new Refusal(409, "AlreadyExists", "%s \"%s\" already exists".formatted(resource.qualified(), name));
    }

    static Refusal conflict(Resource resource, String name) {
        return new Refusal(
                409,
                "Conflict",
                "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please apply your changes to the latest version and try again"
                        .formatted(resource.qualified(), name));
    }

    /** NewForbidden: without a name the message has none. */
    static Refusal forbidden(Address address, String why) {
        String qualified = address.group().isEmpty() ? address.resource() : address.resource() + "." + address.group();
        String subject = address.name().isEmpty() ? qualified : "%s \"%s\"".formatted(qualified, address.name());
        return new Refusal(403, "Forbidden", subject + " is forbidden: " + why);
    }

    /** NewInvalid, of one field. */
    static Refusal invalid(Resource resource, String name, String field, String message) {
        return new Refusal(
                422,
                "Invalid",
                "%s \"%s\" is invalid: %s: %s".formatted(resource.qualifiedKind(), name, field, message));
    }

    /** What a continue token is answered after etcd's compaction: KUBE storage/etcd3/errors.go. */
    static Refusal expired() {
        return new Refusal(
                410,
                "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can start a new"
                        + " list without the continue parameter.");
    }
}
