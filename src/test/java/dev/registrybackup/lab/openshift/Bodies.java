package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What a body must say to be an object of the path it was sent to: KUBE endpoints/handlers/rest.go and create.go. */
final class Bodies {
    private Bodies() {}

    static ObjectNode ofNew(ObjectNode body, Resource resource, String namespace) {
        check(body, resource, namespace);
        if (body.at("/metadata/name").asText().isEmpty()) {
            throw Refusal.invalid(
                    resource, "", List.of(FieldError.required("metadata.name", "name or generateName is required")));
        }
        return body;
    }

    static ObjectNode ofExisting(ObjectNode body, Resource resource, String namespace, String name) {
        check(body, resource, namespace);
        String own = body.at("/metadata/name").asText();
        if (own.isEmpty()) {
            throw Refusal.badRequest("name must be provided");
        }
        if (!own.equals(name)) {
            throw Refusal.badRequest(
                    "the name of the object (%s) does not match the name on the URL (%s)".formatted(own, name));
        }
        return body;
    }

    static ObjectNode patched(Request request, ObjectNode stored) {
        if (!request.contentType().startsWith(MergePatch.MEDIA_TYPE)) {
            throw Refusal.unsupportedMediaType(MergePatch.MEDIA_TYPE);
        }
        return (ObjectNode) MergePatch.apply(stored, request.json());
    }

    private static void check(ObjectNode body, Resource resource, String namespace) {
        String kind = body.path("kind").asText(resource.kind);
        if (!kind.equals(resource.kind)) {
            throw Refusal.badRequest("%s in version \"v1\" cannot be handled as a %s".formatted(kind, resource.kind));
        }
        String version = body.path("apiVersion").asText(resource.apiVersion());
        if (!version.equals(resource.apiVersion())) {
            throw Refusal.badRequest("the API version in the data (%s) does not match the expected API version (%s)"
                    .formatted(version, resource.apiVersion()));
        }
        ObjectNode metadata = Metadata.of(body);
        if (!resource.namespaced) {
            metadata.remove("namespace");
            return;
        }
        if (!metadata.path("namespace").asText(namespace).equals(namespace)) {
            throw Refusal.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
        metadata.put("namespace", namespace);
    }
}
