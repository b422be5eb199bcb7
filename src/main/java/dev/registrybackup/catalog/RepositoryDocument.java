package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.ImageMetadataReader.ImageMetadata;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.ImageCompleteness.MissingContent;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Platform;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.Tag;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One repository as JSON, in this order, so that a page of the catalog reads only the beginning of each:
 *
 * <ul>
 *   <li>{@code repository}: its name
 *   <li>{@code at}: the time at which all of this was true, UTC
 *   <li>{@code counts}: of {@code images}, of {@code tags}, of the images that are {@code restorable}, and the {@code size}
 *       of all in bytes, shared blobs counted once
 *   <li>{@code imageStream}: on OpenShift only; {@code at}: when the ImageStream that has the tags was read
 *   <li>{@code images}, by digest: {@code digest}, {@code mediaType}, {@code platforms}, {@code created} (its config's),
 *       {@code size}, {@code children} (of an index), {@code tags}, {@code pushed} (unless only the ImageStream names it),
 *       {@code approximate} (the time is the copy's, because the registry's is unknown), {@code managed} (of ImageStreams:
 *       whether it was pushed here, and not imported), {@code restorable}, {@code missing} (blobs it needs that are missing or
 *       corrupt), {@code sparse} (children that were never pushed), {@code unknown} (blobs that cannot be determined)
 *   <li>{@code tags}, by name: {@code tag}, {@code digest} (unless its link is broken), {@code time}, {@code approximate},
 *       {@code history} (newest first, each with {@code digest}, {@code time}, {@code approximate}); those of an
 *       ImageStream with {@code restorable}, in the history too, unless that cannot be determined
 * </ul>
 *
 * @param repository the repository; links whose time is approximate say so
 */
public record RepositoryDocument(RepositoryView repository, InspectedImages images) {
    /** The document, as of this time. */
    public ObjectNode toJson(Instant at) {
        RepositoryLinks links = repository.links();
        Map<Digest, ListedLink> pushed = new HashMap<>();
        links.revisions().forEach((path, link) -> pushed.put(links.canonicalDigest(path), link));
        Map<Digest, Set<String>> tagsOfImages = tagsOfImages();
        Map<String, ObjectNode> byDigest = new TreeMap<>();
        for (Digest image : repository.images()) {
            byDigest.put(
                    image.toString(),
                    imageJson(
                            image, Optional.ofNullable(pushed.get(image)), tagsOfImages.getOrDefault(image, Set.of())));
        }
        ArrayNode tags = repository.imageStream().map(this::tagsOfImageStream).orElseGet(this::tagsOfLinks);
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("repository", links.name().value()).put("at", at.toString());
        json.putObject("counts")
                .put("images", byDigest.size())
                .put("tags", tags.size())
                .put(
                        "restorable",
                        byDigest.values().stream()
                                .filter(image -> image.path("restorable").asBoolean())
                                .count())
                .put("size", size(repository.images()));
        repository
                .imageStream()
                .ifPresent(tagged -> json.putObject("imageStream")
                        .put("at", tagged.captured().read().toString()));
        json.putArray("images").addAll(byDigest.values());
        json.set("tags", tags);
        return json;
    }

    /** The tags: on OpenShift those of the ImageStream, otherwise those of the links in the bucket. */
    private Map<Digest, Set<String>> tagsOfImages() {
        Map<Digest, Set<String>> tags = new HashMap<>();
        if (repository.imageStream().isPresent()) {
            for (TagHistory tag : repository.imageStream().get().tags()) {
                tag.current().ifPresent(item -> addTag(tags, item.image(), tag.tag()));
            }
        } else {
            repository.links().tagTargets().forEach((tag, image) -> addTag(tags, image, tag));
        }
        return tags;
    }

    private static void addTag(Map<Digest, Set<String>> tags, Digest image, Tag tag) {
        tags.computeIfAbsent(image, any -> new TreeSet<>()).add(tag.value());
    }

    private ObjectNode imageJson(Digest image, Optional<ListedLink> pushed, Set<String> tags) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("digest", image.toString());
        ImageMetadata metadata = images.metadata().get(image);
        if (metadata != null) {
            json.put("mediaType", metadata.mediaType());
            ArrayNode platforms = json.putArray("platforms");
            metadata.platforms().forEach(platform -> platforms.add(platformJson(platform)));
            metadata.created().ifPresent(time -> json.put("created", time));
        }
        json.put("size", size(List.of(image)));
        putAll(json, "children", images.manifests().get(image).children());
        ArrayNode names = json.putArray("tags");
        tags.forEach(names::add);
        pushed.ifPresent(link -> putTime(json, "pushed", link));
        repository
                .imageStream()
                .flatMap(tagged -> tagged.isManaged(image))
                .ifPresent(managed -> json.put("managed", managed));
        putCompleteness(image, json);
        return json;
    }

    private static ObjectNode platformJson(Platform platform) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("os", platform.os())
                .put("architecture", platform.architecture());
        if (!platform.variant().isEmpty()) {
            json.put("variant", platform.variant());
        }
        platform.digest().ifPresent(image -> json.put("digest", image));
        return json;
    }

    /** Adds whether the image can be restored and what is missing; nothing if that cannot be determined. */
    private void putCompleteness(Digest image, ObjectNode json) {
        MissingContent content = images.imageCompleteness().of(image);
        images.isRestorable(image).ifPresent(restorable -> json.put("restorable", restorable));
        putAll(json, "unknown", sorted(content.missing(), images.isUnknown()));
        putAll(json, "missing", sorted(content.missing(), images.isUnknown().negate()));
        putAll(json, "sparse", sorted(content.sparse(), any -> true));
    }

    private static List<Digest> sorted(Set<Digest> digests, Predicate<Digest> chosen) {
        return digests.stream()
                .filter(chosen)
                .sorted(Comparator.comparing(Digest::toString))
                .toList();
    }

    private static void putAll(ObjectNode json, String field, List<Digest> digests) {
        if (!digests.isEmpty()) {
            ArrayNode list = json.putArray(field);
            digests.forEach(digest -> list.add(digest.toString()));
        }
    }

    /** The size of these in bytes, shared blobs counted once; a missing blob counts with the size in its manifest. */
    private long size(Collection<Digest> some) {
        Set<Digest> below = images.manifests().below(some);
        long size = below.stream()
                .mapToLong(manifest -> images.manifests().get(manifest).size())
                .sum();
        Map<Digest, Descriptor> blobs = below.stream()
                .flatMap(manifest -> images.manifests().get(manifest).blobs())
                .filter(reference -> !below.contains(reference.digest()))
                .collect(Collectors.toMap(Descriptor::digest, blob -> blob, (first, second) -> first));
        return size + blobs.values().stream().mapToLong(this::size).sum();
    }

    private long size(Descriptor blob) {
        OptionalLong size = images.sizes().apply(blob.digest());
        return size.isPresent() || blob.role() == Role.FOREIGN_LAYER
                ? size.orElse(0)
                : Math.max(0, blob.size().orElse(0));
    }

    private ArrayNode tagsOfImageStream(TaggedImages imageStream) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        imageStream.tags().stream()
                .sorted(Comparator.comparing(tag -> tag.tag().value()))
                .forEach(tag -> {
                    ObjectNode json = list.addObject().put("tag", tag.tag().value());
                    tag.current().ifPresent(item -> putItem(json, item));
                    ArrayNode history = json.putArray("history");
                    tag.items().forEach(item -> putItem(history.addObject(), item));
                });
        return list;
    }

    private void putItem(ObjectNode json, Item item) {
        json.put("digest", item.image().toString()).put("time", item.created().toString());
        images.isRestorable(item.image()).ifPresent(restorable -> json.put("restorable", restorable));
    }

    private ArrayNode tagsOfLinks() {
        RepositoryLinks links = repository.links();
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        links.tags().stream().sorted(Comparator.comparing(Tag::value)).forEach(tag -> {
            ObjectNode json = list.addObject().put("tag", tag.value());
            Digest target = links.tagTargets().get(tag);
            if (target != null) {
                json.put("digest", target.toString());
            }
            ListedLink current = links.tagLinks().get(tag);
            if (current != null) {
                putTime(json, "time", current);
            }
            ArrayNode history = json.putArray("history");
            links.history(tag).stream()
                    .sorted(Comparator.comparing(ListedLink::writtenAt)
                            .reversed()
                            .thenComparing(ListedLink::key))
                    .forEach(link -> {
                        ObjectNode entry = history.addObject();
                        if (link.path() instanceof DigestLink path) {
                            entry.put("digest", path.digest().toString());
                        }
                        putTime(entry, "time", link);
                    });
        });
        return list;
    }

    private static void putTime(ObjectNode json, String field, ListedLink link) {
        json.put(field, link.writtenAt().toString());
        if (link.isApproximate()) {
            json.put("approximate", true);
        }
    }
}
