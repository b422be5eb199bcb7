package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An ImageStream of the API ({@code openshift/api}, {@code image/v1/types.go}): a repository with its tags in its status.
 *
 * @param json the whole object
 */
public record ImageStream(ObjectNode json) {
    /**
     * A tag with its history.
     *
     * @param items its items, newest first; the tag points to the first one
     */
    public record TagHistory(Tag tag, List<Item> items) {
        /** The item that the tag points to; empty if its import never succeeded. */
        public Optional<Item> current() {
            return items.stream().findFirst();
        }
    }

    /**
     * An image that a tag points to, or pointed to.
     *
     * @param created since when, UTC, to the second
     * @param reference from where it can be pulled
     */
    public record Item(Digest image, Instant created, String reference, JsonNode json) {}

    /** Its namespace. */
    public String namespace() {
        return json.path("metadata").path("namespace").asText();
    }

    /** Its name in the namespace. */
    public String name() {
        return json.path("metadata").path("name").asText();
    }

    /** Its repository. */
    public RepositoryName repository() {
        return new RepositoryName(namespace() + "/" + name());
    }

    /**
     * Its tags, in its order. Items without an image, as after a failed import, are skipped, and so are the {@link
     * #unusableTags}.
     */
    public List<TagHistory> tags() {
        List<TagHistory> tags = new ArrayList<>();
        for (JsonNode tag : json.path("status").path("tags")) {
            tag(tag).ifPresent(name -> tags.add(new TagHistory(name, items(tag))));
        }
        return tags;
    }

    /** The tag of this name; empty if there is none. */
    public Optional<TagHistory> find(Tag tag) {
        return tags().stream().filter(history -> history.tag().equals(tag)).findFirst();
    }

    /** The items of all {@link #tags}. */
    public Stream<Item> items() {
        return tags().stream().flatMap(tag -> tag.items().stream());
    }

    /** The tags that cannot be pulled because of their name, such as {@code 1.0+1}: the API accepts any name. */
    public List<String> unusableTags() {
        List<String> names = new ArrayList<>();
        for (JsonNode tag : json.path("status").path("tags")) {
            if (tag(tag).isEmpty()) {
                names.add(tag.path("tag").asText());
            }
        }
        return names;
    }

    private static Optional<Tag> tag(JsonNode tag) {
        try {
            return Optional.of(new Tag(tag.path("tag").asText()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static List<Item> items(JsonNode tag) {
        List<Item> items = new ArrayList<>();
        tag.path("items").forEach(item -> item(item).ifPresent(items::add));
        return items;
    }

    private static Optional<Item> item(JsonNode item) {
        try {
            return Optional.of(new Item(
                    Digest.parse(item.path("image").asText()),
                    Instant.parse(item.path("created").asText()),
                    item.path("dockerImageReference").asText(),
                    item));
        } catch (IllegalArgumentException | DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** All images that its tags point to or pointed to. Includes {@link #unusableTags}: their images can be pulled by digest. */
    public Set<Digest> images() {
        Set<Digest> images = new LinkedHashSet<>();
        for (JsonNode tag : json.path("status").path("tags")) {
            items(tag).forEach(item -> images.add(item.image()));
        }
        return images;
    }

    /** Whether the item can be pulled from the cluster's registry, according to its reference. */
    public boolean isOfOwnRegistry(Item item) {
        String own = json.path("status").path("dockerImageRepository").asText();
        int slash = own.indexOf('/');
        return slash > 0 && item.reference().startsWith(own.substring(0, slash + 1));
    }
}
