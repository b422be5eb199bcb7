package dev.registrybackup.lab.openshift;

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
    private final Mappings mappings;
    private boolean servesImages = true;

    Api(Store store, Rights rights, Lists lists) {
        this.store = store;
        this.rights = rights;
        this.lists = lists;
        streams = new ImageStreams(store);
        images = new Images(store);
        mappings = new Mappings(store, images, streams);
    }

    void withoutImages() {
        servesImages = false;
    }

    Images images() {
        return images;
    }

    ImageStreams streams() {
        return streams;
    }

    Mappings mappings() {
        return mappings;
    }

    Answer answer(Request request) {
        try {
            OpenShiftApi.Account caller = rights.holder(request.token()).orElseThrow(Refusal::unauthorized);
            Optional<Answer> review =
                    request.method().equals("POST") ? new Reviews(rights).answer(request, caller) : Optional.empty();
            if (review.isPresent()) {
                return review.get();
            }
            Optional<ObjectNode> document = Discovery.document(request.path(), servesImages);
            Optional<Address> address = Address.of(request.path());
            if (document.isPresent()) {
                return Answer.ok(document.get());
            }
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
        String verb = Access.verb(request, address);
        Access.require(caller, verb, address);
        if (!address.group().isEmpty() && !Discovery.groups(servesImages).contains(address.group())) {
            return pageNotFound();
        }
        Resource resource = Resource.named(address.group(), address.resource()).orElseThrow(Refusal::noSuchResource);
        String namespace = resource.namespaced ? address.namespace() : "";
        return switch (verb) {
            case "list" -> Answer.ok(lists.page(resource, namespace, request));
            case "get" -> Answer.ok(get(resource, namespace, address));
            case "create" -> Answer.created(create(resource, namespace, request, caller));
            case "delete" -> Answer.ok(delete(resource, namespace, address.name()));
            default -> Answer.ok(update(resource, namespace, request, caller, address));
        };
    }

    private ObjectNode get(Resource resource, String namespace, Address address) {
        ObjectNode found = store.existing(resource, namespace, address.name());
        if (resource != Resource.IMAGE_STREAMS) {
            return found;
        }
        if (address.subresource().equals("layers")) {
            return Layers.of(found, store);
        }
        // StatusREST's store has no decorator, and shows what is stored: OAS registry/imagestream/etcd/etcd.go.
        if (address.subresource().isEmpty()) {
            ImageStreams.decorate(found);
        }
        return found;
    }

    private ObjectNode create(Resource resource, String namespace, Request request, OpenShiftApi.Account caller) {
        ObjectNode body = Bodies.ofNew(request.json(), resource, namespace);
        // KUBE plugin/namespace/lifecycle/admission.go: nothing is created in a namespace that is absent.
        if (resource.namespaced
                && store.find(Resource.NAMESPACES, "", namespace).isEmpty()) {
            throw Refusal.notFound(Resource.NAMESPACES, namespace);
        }
        return switch (resource) {
            case IMAGE_STREAMS -> streams.create(body, caller.name(), mayReadLayers(caller));
            case IMAGE_STREAM_MAPPINGS -> mappings.create(body, caller.name());
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
                caller.granted.allows("get", Resource.IMAGE_STREAMS.group, "imagestreams/layers", namespace);
    }

    private ObjectNode update(
            Resource resource, String namespace, Request request, OpenShiftApi.Account caller, Address address) {
        ObjectNode next;
        if (request.method().equals("PATCH")) {
            next = Bodies.patched(request, store.existing(resource, namespace, address.name()));
        } else {
            next = Bodies.ofExisting(request.json(), resource, namespace, address.name());
        }
        return switch (resource) {
            case IMAGE_STREAMS ->
                address.subresource().equals("status")
                        ? streams.updateStatus(next, caller.name())
                        : streams.update(next, caller.name(), mayReadLayers(caller));
            case IMAGES -> images.update(next, caller.name());
            case REGISTRY_CONFIGS, IMAGE_PRUNERS, IMAGE_SETTINGS -> updateCustom(resource, next, caller.name());
            default -> throw Refusal.methodNotAllowed();
        };
    }

    /** KUBE apiextensions-apiserver pkg/registry/customresource/strategy.go, PrepareForUpdate and AllowUnconditionalUpdate. */
    private ObjectNode updateCustom(Resource resource, ObjectNode next, String manager) {
        ObjectNode old = store.replaceable(resource, next, true);
        long generation = old.at("/metadata/generation").asLong();
        Metadata.of(next).put("generation", old.path("spec").equals(next.path("spec")) ? generation : generation + 1);
        return store.replace(resource, old, next, manager);
    }

    private ObjectNode delete(Resource resource, String namespace, String name) {
        if (resource != Resource.IMAGE_STREAMS && resource != Resource.IMAGES) {
            throw Refusal.methodNotAllowed();
        }
        ObjectNode gone = store.delete(resource, namespace, name);
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Success")
                .putObject("details")
                .put("name", name)
                .put("group", resource.group)
                .put("kind", resource.plural)
                .put("uid", gone.at("/metadata/uid").asText());
        return status;
    }
}
