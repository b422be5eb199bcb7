package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;

/** A request that is refused, with the Status that KUBE staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go makes. */
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

    Answer answer() {
        return new Answer(code, status);
    }

    private Refusal about(String group, String kind, String name) {
        ObjectNode details = status.putObject("details");
        if (!name.isEmpty()) {
            details.put("name", name);
        }
        if (!group.isEmpty()) {
            details.put("group", group);
        }
        details.put("kind", kind);
        return this;
    }

    private Refusal about(Resource resource, String name) {
        return about(resource.group, resource.plural, name);
    }

    static Refusal unauthorized() {
        return new Refusal(401, "Unauthorized", "Unauthorized");
    }

    static Refusal badRequest(String message) {
        return new Refusal(400, "BadRequest", message);
    }

    static Refusal unsupportedMediaType(String accepted) {
        return new Refusal(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: " + accepted);
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
        return new Refusal(404, "NotFound", "%s \"%s\" not found".formatted(resource.qualified(), name))
                .about(resource, name);
    }

    static Refusal alreadyExists(Resource resource, String name) {
        return new Refusal(409, "AlreadyExists", "%s \"%s\" already exists".formatted(resource.qualified(), name))
                .about(resource, name);
    }

    static Refusal conflict(Resource resource, String name, String why) {
        return new Refusal(
                        409,
                        "Conflict",
                        "Operation cannot be fulfilled on %s \"%s\": %s".formatted(resource.qualified(), name, why))
                .about(resource, name);
    }

    /** NewForbidden: without a name the message has none. */
    static Refusal forbidden(Address address, String why) {
        String qualified = address.group().isEmpty() ? address.resource() : address.resource() + "." + address.group();
        String subject = address.name().isEmpty() ? qualified : "%s \"%s\"".formatted(qualified, address.name());
        return new Refusal(403, "Forbidden", subject + " is forbidden: " + why)
                .about(address.group(), address.resource(), address.name());
    }

    /** NewInvalid: the kind is a kind for fields that a strategy refuses, a plural for a missing resource version. */
    static Refusal invalid(String group, String kind, String name, List<FieldError> errors) {
        String qualified = group.isEmpty() ? kind : kind + "." + group;
        Refusal refusal =
                new Refusal(422, "Invalid", "%s \"%s\" is invalid: %s".formatted(qualified, name, aggregate(errors)));
        refusal.about(group, kind, name);
        ArrayNode causes = refusal.status.withObject("/details").putArray("causes");
        errors.forEach(error -> error.addTo(causes.addObject()));
        return refusal;
    }

    static Refusal invalid(Resource resource, String name, List<FieldError> errors) {
        return invalid(resource.group, resource.kind, name, errors);
    }

    /** One error as it is, several in brackets: KUBE staging/src/k8s.io/apimachinery/pkg/util/errors/errors.go. */
    static String aggregate(List<FieldError> errors) {
        String all = errors.stream().map(FieldError::message).distinct().collect(Collectors.joining(", "));
        return errors.size() == 1 ? all : "[" + all + "]";
    }

    /** What a continue token is answered after etcd's compaction: KUBE storage/etcd3/errors.go. */
    static Refusal expired(String resumeToken) {
        Refusal refusal = new Refusal(
                410,
                "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can start a new"
                        + " list without the continue parameter, or use the continue token in this response to retrieve"
                        + " the remainder of the results. Continuing with the provided token results in an inconsistent"
                        + " list - objects that were created, modified, or deleted between the time the first chunk was"
                        + " returned and now may show up in the list.");
        refusal.status.withObject("/metadata").put("continue", resumeToken);
        return refusal;
    }
}
