package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Digest;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
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
 *   <li>{@code imageStream}: of OpenShift's, {@code at}: when the ImageStream was read, from which the tags are
 *   <li>{@code images}, by digest: {@code digest}, {@code mediaType}, {@code platforms}, {@code created} (its config's),
 *       {@code size}, {@code children} (of an index), {@code tags}, {@code pushed} (unless only the ImageStream names it),
 *       {@code approximate} (the time is the copy's for want of the registry's), {@code managed} (of the ImageStream's:
 *       whether it was pushed here, and not imported), {@code restorable}, {@code lacks} (what it needs and is not there or
 *       not good), {@code sparse} (children that were never pushed), {@code untold} (of which the store did not say)
 *   <li>{@code tags}, by name: {@code tag}, {@code digest} (unless its link is broken), {@code time}, {@code approximate},
 *       {@code history} (newest first, each with {@code digest}, {@code time}, {@code approximate}); those of an
 *       ImageStream with {@code restorable}, in the history too, unless the store did not say
 * </ul>
 *
 * @param links its links; those that are approximate say so
 * @param images what is known of its images
 * @param imageStream its ImageStream, if it has one
 */
public record RepositoryDocument(RepositoryLinks links, InspectedImages images, Optional<TaggedImages> imageStream) {
    /** The document, true at that time. */
    public ObjectNode toJson(Instant at) {
        Map<Digest, Set<String>> named = new HashMap<>();
        tagSource()
                .targets()
                .forEach((tag, digest) ->
                        named.computeIfAbsent(digest, image -> new TreeSet<>()).add(tag.value()));
        Map<String, ObjectNode> byDigest = new TreeMap<>();
        imageStream
                .map(TaggedImages::images)
                .orElse(Set.of())
                .forEach(digest -> byDigest.put(
                        digest.toString(), imageJson(digest, Optional.empty(), named.getOrDefault(digest, Set.of()))));
        links.revisions().forEach((path, link) -> {
            Digest digest = links.canonicalDigest(path);
            byDigest.put(digest.toString(), imageJson(digest, Optional.of(link), named.getOrDefault(digest, Set.of())));
        });
        ArrayNode list = tagSource().toJson();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("repository", links.name().value()).put("at", at.toString());
        json.set("counts", counts(byDigest.values(), list.size()));
        imageStream.ifPresent(tagged ->
                json.putObject("imageStream").put("at", tagged.captured().read().toString()));
        json.putArray("images").addAll(byDigest.values());
        json.set("tags", list);
        return json;
    }

    private TagSource tagSource() {
        return imageStream
                .<TagSource>map(tagged -> new ImageStreamTagSource(tagged, images))
                .orElseGet(() -> new LinkTagSource(links));
    }

    private ObjectNode counts(Collection<ObjectNode> described, int tags) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("images", described.size())
                .put("tags", tags)
                .put(
                        "restorable",
                        described.stream()
                                .filter(image -> image.path("restorable").asBoolean())
                                .count())
                .put("size", images.size(allImages()));
    }

    private Set<Digest> allImages() {
        Set<Digest> all = new HashSet<>(links.images());
        imageStream.ifPresent(tagged -> all.addAll(tagged.images()));
        return all;
    }

    private ObjectNode imageJson(Digest digest, Optional<ListedLink> link, Set<String> named) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("digest", digest.toString());
        images.addMetadata(digest, json);
        ArrayNode tags = json.putArray("tags");
        named.forEach(tags::add);
        link.ifPresent(revision -> LinkTagSource.putTime(json, "pushed", revision));
        imageStream.flatMap(tagged -> tagged.isManaged(digest)).ifPresent(managed -> json.put("managed", managed));
        images.addCompleteness(digest, json);
        return json;
    }
}
