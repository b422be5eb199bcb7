package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.Tag;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One repository as JSON, in this order, so that a page of the catalog reads no more than the beginning of each:
 *
 * <ul>
 *   <li>{@code repository}: its name
 *   <li>{@code at}: the time at which all this was true
 *   <li>{@code counts}: of {@code images}, of {@code tags}, of the images that are {@code restorable}, and the {@code size}
 *       of all in bytes, what they share counted once
 *   <li>{@code images}, by digest: {@code digest}, {@code mediaType}, {@code platforms}, {@code created} (its config's),
 *       {@code size}, {@code children} (of an index), {@code tags}, {@code pushed}, {@code approximate} (the time is the
 *       copy's for want of the registry's), {@code restorable}, {@code lacks} (what it needs and is not there or not good),
 *       {@code sparse} (children that were never pushed), {@code untold} (of which the store did not say)
 *   <li>{@code tags}, by name: {@code tag}, {@code digest} (unless its link is broken), {@code time}, {@code approximate},
 *       {@code history} (newest first, each with {@code digest}, {@code time}, {@code approximate})
 * </ul>
 *
 * @param links its links; those that are approximate say so
 * @param images what is known of its images
 */
public record RepositoryDocument(RepositoryLinks links, ImageFacts images) {
    /** The document, true at that time. */
    public ObjectNode json(Instant at) {
        Map<Digest, Set<String>> named = new HashMap<>();
        links.tagTargets()
                .forEach((tag, digest) ->
                        named.computeIfAbsent(digest, image -> new TreeSet<>()).add(tag.value()));
        Map<String, ObjectNode> byDigest = new TreeMap<>();
        links.revisions().forEach((path, link) -> {
            Digest digest = links.target(path);
            byDigest.put(digest.toString(), image(digest, link, named.getOrDefault(digest, Set.of())));
        });
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("repository", links.name().value()).put("at", at.toString());
        json.set("counts", counts(byDigest.values()));
        json.putArray("images").addAll(byDigest.values());
        ArrayNode list = json.putArray("tags");
        links.tags().stream().sorted(Comparator.comparing(Tag::value)).forEach(tag -> list.add(tag(tag)));
        return json;
    }

    private ObjectNode counts(Collection<ObjectNode> described) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("images", described.size())
                .put("tags", links.tags().size())
                .put(
                        "restorable",
                        described.stream()
                                .filter(image -> image.path("restorable").asBoolean())
                                .count())
                .put("size", images.size(links.images()));
    }

    private ObjectNode image(Digest digest, ListedLink link, Set<String> named) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("digest", digest.toString());
        images.describe(digest, json);
        ArrayNode tags = json.putArray("tags");
        named.forEach(tags::add);
        time(json, "pushed", link);
        images.judge(digest, json);
        return json;
    }

    private ObjectNode tag(Tag tag) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("tag", tag.value());
        ListedLink current = links.currents().get(tag);
        Digest target = links.tagTargets().get(tag);
        if (target != null) {
            json.put("digest", target.toString());
        }
        if (current != null) {
            time(json, "time", current);
        }
        ArrayNode history = json.putArray("history");
        links.history(tag).stream()
                .sorted(Comparator.comparing(ListedLink::written).reversed().thenComparing(ListedLink::key))
                .forEach(link -> history.add(past(link)));
        return json;
    }

    private static ObjectNode past(ListedLink link) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (link.path() instanceof DigestLink path) {
            json.put("digest", path.digest().toString());
        }
        time(json, "time", link);
        return json;
    }

    private static void time(ObjectNode json, String field, ListedLink link) {
        json.put(field, link.written().toString());
        if (link.isApproximate()) {
            json.put("approximate", true);
        }
    }
}
