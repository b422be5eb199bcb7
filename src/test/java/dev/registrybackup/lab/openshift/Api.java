package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Optional;
import java.util.function.BiPredicate;

/** Answers one request after the other. Not safe for threads by itself. */
final class Api {
    private final Store store;
    private final Rights rights;
    private final Lists lists;
    private final ImageStreams streams;
    private final Images images;
    private boolean servesImages = true;

    Api(Store store, Rights rights, Lists lists) {
        this.store = store;
        this.rights = rights;
        this.lists = lists;
        streams = new ImageStreams(store);
        images = new Images(store, streams);
    }

    /** What is answered: an HTTP status and a body; a text node is sent as plain text. */
    record Answer(int status, JsonNode body) {}

    void withoutImages() {
        servesImages = false;
    }

    Images images() {
        return images;
    }

    ImageStreams streams() {
        return streams;
    }

    Answer answer(Request request) {
        try {
            OpenShiftApi.Account caller = rights.holder(request.token()).orElseThrow(Refusal::unauthorized);
            Optional<ObjectNode> review =
                    request.method().equals("POST") ? rights.review(request, caller) : Optional.empty();
            if (review.isPresent()) {
                return new Answer(201, review.get());
            }
            // Everybody with a token may read which groups there are, as the role system:discovery grants.
            if (servesImages && request.path().equals("/apis/image.openshift.io/v1")) {
                return new Answer(
                        200,
                        JsonNodeFactory.instance
                                .objectNode()
                                .put("kind", "APIResourceList")
                                .put("apiVersion", "v1")
                                .put("groupVersion", "image.openshift.io/v1"));
            }
            Optional<Address> address = Address.of(request.path());
            return address.isPresent() ? answer(request, caller, address.get()) : pageNotFound();
        } catch (Refusal refusal) {
            return refusal.answer();
        }
    }

    /** A path of a group that nobody serves is answered by the HTTP server, not by an API. */
    private static Answer pageNotFound() {
        return new Answer(404, TextNode.valueOf("404 page not found\n"));
    }

    private Answer answer(Request request, OpenShiftApi.Account caller, Address address) {
        String verb = address.verb(request.method());
        Rights.require(caller, verb, address);
        if (!servesImages && !address.group().isEmpty()) {
            return pageNotFound();
        }
        Resource resource = Resource.named(address.group(), address.resource()).orElseThrow(Refusal::noSuchResource);
        String namespace = resource.namespaced ? address.namespace() : "";
        return switch (verb) {
            case "list" -> new Answer(200, lists.page(resource, namespace, request));
            case "get" -> new Answer(200, get(resource, namespace, address));
            case "create" -> new Answer(201, create(resource, namespace, request, caller));
            default -> new Answer(200, update(resource, namespace, request, caller, address));
        };
    }

    private ObjectNode get(Resource resource, String namespace, Address address) {
        ObjectNode found = store.existing(resource, namespace, address.name());
        if (address.subresource().equals("layers")) {
            return images.layers(found);
        }
        // StatusREST's store has no decorator, and shows what is stored: OAS registry/imagestream/etcd/etcd.go.
        if (resource == Resource.IMAGE_STREAMS && address.subresource().isEmpty()) {
            ImageStreams.decorate(found);
        }
        return found;
    }

    private ObjectNode create(Resource resource, String namespace, Request request, OpenShiftApi.Account caller) {
        ObjectNode body = body(request, resource, namespace);
        // KUBE plugin/namespace/lifecycle/admission.go: nothing is created in a namespace that is absent.
        if (resource.namespaced
                && store.find(Resource.NAMESPACES, "", namespace).isEmpty()) {
            throw Refusal.notFound(Resource.NAMESPACES, namespace);
        }
        return switch (resource) {
            case IMAGE_STREAMS -> streams.create(body, caller.name(), mayReadLayers(caller));
            case IMAGE_STREAM_MAPPINGS -> images.map(body, caller.name());
            case IMAGES -> images.create(body, caller.name());
            case NAMESPACES -> {
                body.putObject("status").put("phase", "Active");
                yield store.create(resource, body, caller.name());
            }
            default -> throw Refusal.methodNotAllowed();
        };
    }

    private static BiPredicate<String, String> mayReadLayers(OpenShiftApi.Account caller) {
        return (namespace, stream) ->
                caller.grantedRights.allows("get", Resource.IMAGE_STREAMS.group, "imagestreams/layers", namespace);
    }

    private ObjectNode update(
            Resource resource, String namespace, Request request, OpenShiftApi.Account caller, Address address) {
        ObjectNode next = body(request, resource, namespace);
        if (resource != Resource.IMAGE_STREAMS) {
            throw Refusal.methodNotAllowed();
        }
        if (!next.at("/metadata/name").asText().equals(address.name())) {
            throw Refusal.badRequest("the name of the object (%s) does not match the name on the URL (%s)"
                    .formatted(next.at("/metadata/name").asText(), address.name()));
        }
        return address.subresource().equals("status")
                ? streams.updateStatus(next, caller.name())
                : streams.update(next, caller.name(), mayReadLayers(caller));
    }

    /** What a body must say to be an object of the path it was sent to: KUBE endpoints/handlers/rest.go and create.go. */
    private static ObjectNode body(Request request, Resource resource, String namespace) {
        ObjectNode body = request.json();
        ObjectNode metadata = Store.metadata(body);
        if (!body.path("kind").asText(resource.kind).equals(resource.kind)
                || !body.path("apiVersion").asText(resource.apiVersion()).equals(resource.apiVersion())) {
            throw Refusal.badRequest("%s %s cannot be handled as a %s of %s"
                    .formatted(
                            body.path("apiVersion").asText(),
                            body.path("kind").asText(),
                            resource.kind,
                            resource.apiVersion()));
        }
        if (metadata.path("name").asText().isEmpty()) {
            throw Refusal.badRequest("name must be provided");
        }
        if (!resource.namespaced) {
            metadata.remove("namespace");
        } else if (metadata.path("namespace").asText(namespace).equals(namespace)) {
            metadata.put("namespace", namespace);
        } else {
            throw Refusal.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
        return body;
    }
}
