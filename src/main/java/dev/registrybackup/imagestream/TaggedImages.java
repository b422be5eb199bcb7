package dev.registrybackup.imagestream;

import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A captured ImageStream, read: what its tags point to and pointed to, and which of those images are the registry's own.
 *
 * @param captured as it was captured; its images are those that are meant here
 * @param tags its tags, in its order
 * @param managed by digest, whether an image was pushed to the cluster's registry, so that its bytes are in the registry's
 *     bucket and nowhere else; nothing of an image whose Image could not be read
 */
public record TaggedImages(CapturedStream captured, List<TagHistory> tags, Map<Digest, Boolean> managed) {
    /** Keeps its own copies of the list and the map. */
    public TaggedImages {
        tags = List.copyOf(tags);
        managed = Map.copyOf(managed);
    }

    /** All images that it refers to, children of indexes among them. */
    public Set<Digest> images() {
        return captured.images().keySet();
    }

    /** Whether the image was pushed to the cluster's registry; empty if that could not be told. */
    public Optional<Boolean> isManaged(Digest image) {
        return Optional.ofNullable(managed.get(image));
    }

    /** Whether somebody is known to have pushed the image to the cluster's registry, so that its absence is a loss. */
    public boolean isPushed(Digest image) {
        return managed.getOrDefault(image, false);
    }

    /** Whether the cluster had an Image of it. */
    public boolean hasObject(Digest image) {
        return captured.hasImage(image);
    }

    /** Of all this what the tag points to now. */
    public TaggedImages pointedToBy(Tag tag) {
        List<TagHistory> current = tags.stream()
                .filter(history -> history.tag().equals(tag))
                .flatMap(history -> history.current().stream())
                .map(item -> new TagHistory(tag, List.of(item)))
                .toList();
        return current.stream()
                .findFirst()
                .map(history -> only(history.items().get(0).image(), current))
                .orElseGet(() -> new TaggedImages(with(Map.of()), List.of(), managed));
    }

    /** Of all this what is about that image. */
    public TaggedImages describe(Digest image) {
        return only(
                image,
                tags.stream()
                        .map(history -> new TagHistory(history.tag(), itemsOf(history, image)))
                        .filter(history -> !history.items().isEmpty())
                        .toList());
    }

    private static List<Item> itemsOf(TagHistory history, Digest image) {
        return history.items().stream()
                .filter(item -> item.image().equals(image))
                .toList();
    }

    private TaggedImages only(Digest image, List<TagHistory> histories) {
        String hash = captured.images().get(image);
        return new TaggedImages(with(hash == null ? Map.of() : Map.of(image, hash)), histories, managed);
    }

    private CapturedStream with(Map<Digest, String> images) {
        return new CapturedStream(captured.stream(), captured.read(), captured.body(), images);
    }
}
