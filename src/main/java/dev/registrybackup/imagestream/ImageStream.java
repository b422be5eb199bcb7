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

/**
 * An ImageStream as the API has it ({@code openshift/api}, {@code image/v1/types.go}): a repository, whose tags are in its
 * status.
 *
 * @param json the whole object
 */
public record ImageStream(ObjectNode json) {
    /**
     * A tag.
     *
     * @param tag its name
     * @param items what it pointed to, newest first; the first is what it points to
     */
    public record TagHistory(Tag tag, List<Item> items) {
        /** Keeps its own copy of the list. */
        public TagHistory {
            items = List.copyOf(items);
        }

        /** What it points to; empty of a tag whose import never succeeded. */
        public Optional<Item> current() {
            return items.stream().findFirst();
        }
    }

    /**
     * What a tag pointed to from some time on.
     *
     * @param image the image
     * @param created from when, UTC, to the second
     * @param reference from where it can be pulled
     * @param json the item as the API has it
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

    /** The repository it is. */
    public RepositoryName repository() {
        return new RepositoryName(namespace() + "/" + name());
    }

    /**
     * Its tags, in its order. What names no image, since an import failed, is passed over, and so are the {@link
     * #unusableTags}.
     */
    public List<TagHistory> tags() {
        List<TagHistory> tags = new ArrayList<>();
        for (JsonNode tag : json.path("status").path("tags")) {
            tag(tag).ifPresent(name -> tags.add(new TagHistory(name, items(tag))));
        }
        return tags;
    }

    /** The names of tags by which nothing can be pulled, such as {@code 1.0+1}: the API takes any name. */
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

    /** All images that its tags point to or pointed to, {@link #unusableTags} too: by digest they can be pulled. */
    public Set<Digest> images() {
        Set<Digest> images = new LinkedHashSet<>();
        for (JsonNode tag : json.path("status").path("tags")) {
            items(tag).forEach(item -> images.add(item.image()));
        }
        return images;
    }

    /** Whether the item's image was pushed to the cluster's registry, as far as the item itself tells. */
    public boolean isOfOwnRegistry(Item item) {
        String own = json.path("status").path("dockerImageRepository").asText();
        int slash = own.indexOf('/');
        return slash > 0 && item.reference().startsWith(own.substring(0, slash + 1));
    }
}
