package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RepositoryName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A cluster's objects in memory. A hook receives each call before it is answered, and may change the cluster or fail the
 * call.
 */
public final class FakeCluster implements Cluster {
    private static final String OWN_REGISTRY = "image-registry.openshift-image-registry.svc:5000/";

    /** Guarded by this, by the path without the kind's version. */
    private final NavigableMap<String, ObjectNode> objects = new TreeMap<>();
    /** Guarded by this: the objects when a list was started, by the list's number. */
    private final Map<String, NavigableMap<String, ObjectNode>> lists = new HashMap<>();
    /** Guarded by this. */
    private final List<String> calls = new ArrayList<>();
    /** Guarded by this. */
    private final Set<String> refusedRights = new HashSet<>();
    /** Guarded by this. */
    private long version;

    private volatile boolean hasImages = true;
    private volatile Consumer<String> hook = call -> {};

    /** The digest of this content, for images that nobody reads. */
    public static Digest digest(String content) {
        return Digest.of(DigestAlgorithm.SHA256, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Serves no ImageStreams and Images from now on. */
    public FakeCluster withoutImages() {
        hasImages = false;
        return this;
    }

    /** Receives {@code "list images <after>"} or {@code "find <object>"}, without a lock. */
    public void onCall(Consumer<String> newHook) {
        hook = newHook;
    }

    /** Every call so far. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** Each call from now on fails for that reason. */
    public void fail(ClusterError error) {
        onCall(call -> {
            throw new ClusterException(error, "Failed to %s: %s".formatted(call, error));
        });
    }

    /** Refuses rights from now on, such as {@code "create jobs"}. */
    public synchronized void refuse(String... rights) {
        refusedRights.addAll(List.of(rights));
    }

    /** Adds the Image of an image that was pushed to the cluster's registry. */
    public void push(Digest digest, Digest... children) {
        put(ObjectName.image(digest), image(digest, true, children));
    }

    /** Adds the Image of an image in another registry. */
    public void importImage(Digest digest, Digest... children) {
        put(ObjectName.image(digest), image(digest, false, children));
    }

    /** Adds config and layers to an Image. */
    public void describe(Digest digest, Digest config, Digest... layers) {
        ObjectNode json = get(ObjectName.image(digest)).orElseThrow();
        json.putObject("dockerImageMetadata").put("Id", config.toString());
        for (Digest layer : layers) {
            json.withArray("dockerImageLayers").addObject().put("name", layer.toString());
        }
        put(ObjectName.image(digest), json);
    }

    private static ObjectNode image(Digest digest, boolean isManaged, Digest... children) {
        ObjectNode image = JsonNodeFactory.instance.objectNode();
        ObjectNode metadata = image.put("apiVersion", "image.openshift.io/v1")
                .put("kind", "Image")
                .putObject("metadata")
                .put("name", digest.toString());
        if (isManaged) {
            metadata.putObject("annotations").put(ImageObject.MANAGED, "true");
        }
        ArrayNode manifests = image.putArray("dockerImageManifests");
        for (Digest child : children) {
            manifests.addObject().put("digest", child.toString());
        }
        return image;
    }

    /** Moves the tag as a push does, in a stream that is created if necessary: the newest item comes first. */
    public void tag(String stream, String tag, Digest image, Instant created) {
        tag(stream, tag, image, created, OWN_REGISTRY + stream + "@" + image);
    }

    /** Moves the tag to an image in any registry. */
    public synchronized void tag(String stream, String tag, Digest image, Instant created, String reference) {
        ObjectName name = ObjectName.stream(new RepositoryName(stream));
        ObjectNode json = get(name).orElseGet(() -> stream(name));
        ArrayNode items = null;
        ArrayNode tags = json.withObject("/status").withArray("tags");
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).path("tag").asText().equals(tag)) {
                items = (ArrayNode) tags.get(i).path("items");
            }
        }
        if (items == null) {
            items = tags.addObject().put("tag", tag).putArray("items");
        }
        items.insertObject(0)
                .put("created", created.toString())
                .put("dockerImageReference", reference)
                .put("image", image.toString());
        put(name, json);
    }

    private static ObjectNode stream(ObjectName name) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("apiVersion", "image.openshift.io/v1").put("kind", "ImageStream");
        json.putObject("metadata")
                .put("namespace", name.namespace().orElseThrow())
                .put("name", name.name());
        json.putObject("status")
                .put("dockerImageRepository", OWN_REGISTRY + name.namespace().orElseThrow() + "/" + name.name());
        return json;
    }

    /** Creates a stream without tags. */
    public void stream(String repository) {
        ObjectName name = ObjectName.stream(new RepositoryName(repository));
        put(name, stream(name));
    }

    /** Takes a snapshot into a backup. */
    public void capture(ObjectStore backup, WorkerPools workerPools, Clock clock, Path scratch) {
        new SnapshotTaker(this, backup, workerPools, clock, () -> "00000000").take(scratch);
    }

    /** Changes a stream without changing its tags. */
    public synchronized void label(String stream, String value) {
        ObjectName name = ObjectName.stream(new RepositoryName(stream));
        ObjectNode json = get(name).orElseGet(() -> stream(name));
        json.withObject("/metadata/labels").put("changed", value);
        put(name, json);
    }

    /** Creates or replaces the object, as the server does: with a new version and field managers. */
    public synchronized void put(ObjectName name, ObjectNode json) {
        ObjectNode stored = json.deepCopy();
        ObjectNode metadata = stored.withObject("/metadata");
        metadata.put("resourceVersion", String.valueOf(++version));
        metadata.putArray("managedFields").addObject().put("time", String.valueOf(version));
        objects.put(name.toString(), stored);
    }

    /** Deletes the stream. */
    public void delete(String stream) {
        delete(ObjectName.stream(new RepositoryName(stream)));
    }

    /** Deletes the object. */
    public synchronized void delete(ObjectName name) {
        objects.remove(name.toString());
    }

    private synchronized Optional<ObjectNode> get(ObjectName name) {
        return Optional.ofNullable(objects.get(name.toString())).map(ObjectNode::deepCopy);
    }

    private void called(String call) {
        synchronized (this) {
            calls.add(call);
        }
        hook.accept(call);
    }

    @Override
    public boolean hasImages() {
        called("look for images");
        return hasImages;
    }

    @Override
    public Page list(Resource resource, Optional<String> namespace, int limit, Optional<String> after) {
        called(("list " + resource.plural() + " " + after.orElse("")).strip());
        String prefix = resource.plural() + "." + resource.group() + " ";
        return page(prefix + namespace.map(name -> name + "/").orElse(""), limit, after);
    }

    /** As etcd does: all pages show the objects that there were at the first one. */
    private synchronized Page page(String prefix, int limit, Optional<String> after) {
        String list = after.map(token -> token.substring(0, token.indexOf(' '))).orElseGet(() -> start(prefix));
        NavigableMap<String, ObjectNode> started = Objects.requireNonNull(lists.get(list));
        String last = after.map(token -> token.substring(list.length() + 1)).orElse("");
        List<ObjectNode> items = new ArrayList<>();
        for (var entry : started.tailMap(last, false).entrySet()) {
            if (items.size() == limit) {
                return new Page(items, Optional.of(list + " " + last));
            }
            items.add(entry.getValue().deepCopy());
            last = entry.getKey();
        }
        return new Page(items, Optional.empty());
    }

    private String start(String prefix) {
        NavigableMap<String, ObjectNode> now = new TreeMap<>();
        objects.forEach((name, object) -> {
            if (name.startsWith(prefix)) {
                now.put(name, object);
            }
        });
        String list = String.valueOf(lists.size());
        lists.put(list, now);
        return list;
    }

    @Override
    public Optional<ObjectNode> find(ObjectName name) {
        called("find " + name);
        return get(name);
    }

    @Override
    public boolean canI(String verb, Resource resource, Optional<String> subresource, Optional<String> namespace) {
        String right = verb + " " + resource.plural();
        called("ask for the right to " + right);
        synchronized (this) {
            return !refusedRights.contains(right);
        }
    }
}
