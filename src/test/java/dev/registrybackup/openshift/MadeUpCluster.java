package dev.registrybackup.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.Lanes;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A cluster with the ImageStreams and Images that a test gives it, for snapshots to be taken of. */
public final class MadeUpCluster implements Cluster {
    private static final String OWN = "image-registry.openshift-image-registry.svc:5000/";

    /** Of both kinds, by name. */
    private final Map<String, ObjectNode> images = new TreeMap<>();

    private final Map<String, ObjectNode> streams = new TreeMap<>();

    /** Gives it an Image of what was pushed to its registry, an index if it has children. */
    public void pushed(Digest image, Digest... children) {
        image(image, children).withObject("/metadata/annotations").put(ImageObject.MANAGED, "true");
    }

    /** Gives it an Image of what is in another registry. */
    public void imported(Digest image, Digest... children) {
        image(image, children);
    }

    /** Has an Image name its layers, and its config. */
    public void describe(Digest image, Digest config, Digest... layers) {
        ObjectNode json = Optional.ofNullable(images.get(image.toString())).orElseThrow();
        json.putObject("dockerImageMetadata").put("Id", config.toString());
        for (Digest layer : layers) {
            json.withArray("dockerImageLayers").addObject().put("name", layer.toString());
        }
    }

    private ObjectNode image(Digest image, Digest... children) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putObject("metadata").put("name", image.toString());
        for (Digest child : children) {
            json.withArray("dockerImageManifests").addObject().put("digest", child.toString());
        }
        images.put(image.toString(), json);
        return json;
    }

    /** Gives it an ImageStream, if it has none of that name. */
    public ObjectNode stream(String repository) {
        return streams.computeIfAbsent(repository, name -> {
            String[] parts = name.split("/", -1);
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.putObject("metadata").put("namespace", parts[0]).put("name", parts[1]);
            json.putObject("status").put("dockerImageRepository", OWN + name).putArray("tags");
            return json;
        });
    }

    /** Points a tag to an image in its own registry. */
    public void tag(String repository, String tag, Digest image, Instant created) {
        tag(repository, tag, image, created, OWN + repository + "@" + image);
    }

    /** Points a tag to an image, wherever that is. */
    public void tag(String repository, String tag, Digest image, Instant created, String reference) {
        ObjectNode item = JsonNodeFactory.instance
                .objectNode()
                .put("image", image.toString())
                .put("created", created.toString())
                .put("dockerImageReference", reference);
        items(repository, tag).insert(0, item);
    }

    private ArrayNode items(String repository, String tag) {
        ArrayNode tags = stream(repository).withObject("/status").withArray("tags");
        for (JsonNode each : tags) {
            if (each.path("tag").asText().equals(tag)) {
                return each.withArray("items");
            }
        }
        return tags.addObject().put("tag", tag).putArray("items");
    }

    /** Has a snapshot of it taken into a backup. */
    public void capture(ObjectStore backup, Lanes lanes, Clock clock, Path scratch) {
        new Snapshots(this, backup, lanes, clock, () -> "00000000").take(scratch);
    }

    @Override
    public boolean hasImages() {
        return true;
    }

    @Override
    public Page list(Resource resource, int limit, Optional<String> after) {
        List<Map.Entry<String, ObjectNode>> page = all(resource).entrySet().stream()
                .filter(entry -> after.filter(last -> entry.getKey().compareTo(last) <= 0)
                        .isEmpty())
                .limit(limit)
                .toList();
        return new Page(
                page.stream().map(entry -> entry.getValue().deepCopy()).toList(),
                page.size() < limit
                        ? Optional.empty()
                        : Optional.of(page.get(limit - 1).getKey()));
    }

    private Map<String, ObjectNode> all(Resource resource) {
        return resource == Resource.IMAGE ? images : streams;
    }

    @Override
    public Page list(Resource resource, String namespace, int limit, Optional<String> after) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<ObjectNode> find(ObjectName name) {
        String key = name.namespace().map(namespace -> namespace + "/").orElse("") + name.name();
        return Optional.ofNullable(all(name.resource()).get(key)).map(ObjectNode::deepCopy);
    }

    @Override
    public Optional<ObjectNode> find(ObjectName name, String part) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean mayI(String verb, Resource resource, Optional<String> part, Optional<String> namespace) {
        return true;
    }
}
