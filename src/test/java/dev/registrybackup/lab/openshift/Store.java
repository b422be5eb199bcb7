package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The objects, as etcd holds them: ordered by key, every write with the next number of one counter.
 *
 * <p>Not safe for threads by itself. What is stored is never changed in place, so that a copied map is a snapshot.
 */
final class Store {
    private static final List<String> SYSTEM =
            List.of("uid", "creationTimestamp", "resourceVersion", "managedFields", "selfLink");

    private final Clock clock;
    private final Map<Resource, NavigableMap<String, ObjectNode>> objects = new EnumMap<>(Resource.class);
    private long version = 1000;

    Store(Clock clock) {
        this.clock = clock;
    }

    long version() {
        return version;
    }

    /** Now, in UTC and to the second, as metav1.Time is written. */
    String now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    static ObjectNode metadata(ObjectNode object) {
        return Tags.child(object, "metadata");
    }

    /** What etcd orders by: a namespace "a-b" comes before "a", for "-" is less than "/". */
    static String key(String namespace, String name) {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }

    private NavigableMap<String, ObjectNode> all(Resource resource) {
        return objects.computeIfAbsent(resource, absent -> new TreeMap<>());
    }

    /** All of them as they are now. */
    NavigableMap<String, ObjectNode> snapshot(Resource resource) {
        return new TreeMap<>(all(resource));
    }

    /** A copy of it. */
    Optional<ObjectNode> find(Resource resource, String namespace, String name) {
        return Optional.ofNullable(all(resource).get(key(namespace, name))).map(ObjectNode::deepCopy);
    }

    /** A copy of it; refused with 404 if it is absent. */
    ObjectNode existing(Resource resource, String namespace, String name) {
        return find(resource, namespace, name).orElseThrow(() -> Refusal.notFound(resource, name));
    }

    /** Stores a new object, and gives a copy of what was stored. */
    ObjectNode create(Resource resource, ObjectNode object, String manager) {
        ObjectNode metadata = metadata(object);
        // KUBE storage/etcd3/store.go, Create, with storage/errors.go, ErrResourceVersionSetOnCreate: a bare error.
        if (!metadata.path("resourceVersion").asText().isEmpty()) {
            throw Refusal.internal("resourceVersion should not be set on objects to be created");
        }
        String key =
                key(metadata.path("namespace").asText(), metadata.path("name").asText());
        if (all(resource).containsKey(key)) {
            throw Refusal.alreadyExists(resource, metadata.path("name").asText());
        }
        // KUBE registry/rest/meta.go, FillObjectMetaSystemFields: uid and time are the server's, whatever was sent.
        metadata.put("uid", uid()).put("creationTimestamp", now());
        return write(resource, key, object, manager);
    }

    private String uid() {
        return UUID.nameUUIDFromBytes(("object " + (version + 1)).getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    /** What is there to be replaced, if the replacement may: KUBE registry/generic/registry/store.go, Update. */
    ObjectNode replaceable(Resource resource, ObjectNode next) {
        ObjectNode metadata = metadata(next);
        String name = metadata.path("name").asText();
        ObjectNode old = existing(resource, metadata.path("namespace").asText(), name);
        String sent = metadata.path("resourceVersion").asText();
        if (sent.isEmpty()) {
            throw Refusal.invalid(
                    resource, name, "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update");
        }
        if (!sent.equals(old.at("/metadata/resourceVersion").asText())) {
            throw Refusal.conflict(resource, name);
        }
        return old;
    }

    /** Replaces what is there; what changes nothing is not written: KUBE storage/etcd3/store.go, GuaranteedUpdate. */
    ObjectNode replace(Resource resource, ObjectNode old, ObjectNode next, String manager) {
        ObjectNode metadata = metadata(next);
        // KUBE registry/rest/update.go, BeforeUpdate: an update changes none of them.
        for (String field : SYSTEM) {
            JsonNode kept = old.path("metadata").get(field);
            if (kept == null) {
                metadata.remove(field);
            } else {
                metadata.set(field, kept.deepCopy());
            }
        }
        if (canonical(next).equals(old)) {
            return old.deepCopy();
        }
        return write(
                resource,
                key(metadata.path("namespace").asText(), metadata.path("name").asText()),
                next,
                manager);
    }

    private ObjectNode write(Resource resource, String key, ObjectNode object, String manager) {
        version++;
        object.put("kind", resource.kind).put("apiVersion", resource.apiVersion());
        ObjectNode metadata = metadata(object);
        metadata.put("resourceVersion", Long.toString(version));
        // Which fields it wrote is not tracked.
        ObjectNode entry = metadata.putArray("managedFields").addObject();
        entry.put("manager", manager).put("operation", "Update").put("apiVersion", resource.apiVersion());
        entry.put("time", now()).put("fieldsType", "FieldsV1");
        entry.putObject("fieldsV1").putObject("f:metadata");
        ObjectNode stored = canonical(object);
        all(resource).put(key, stored);
        return stored.deepCopy();
    }

    /** As it would be read back from its text, so that equal numbers are equal nodes. */
    private static ObjectNode canonical(ObjectNode object) {
        try {
            return (ObjectNode) Request.read(object.toString());
        } catch (JsonProcessingException cause) {
            throw new IllegalStateException("Failed to read what was just written: " + object, cause);
        }
    }

    /** Deletes it; refused with 404 if it is absent. */
    void delete(Resource resource, String namespace, String name) {
        existing(resource, namespace, name);
        all(resource).remove(key(namespace, name));
        version++;
    }
}
