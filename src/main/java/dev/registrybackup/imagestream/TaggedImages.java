package dev.registrybackup.imagestream;

import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The tags of a captured ImageStream with their history, and which of their images are the registry's own.
 *
 * @param captured the stream as captured; its images are the ones this is about
 * @param tags the tags, in the stream's order
 * @param managed by digest, whether an image was pushed to the cluster's registry, so that its bytes are in the registry's
 *     bucket, possibly nowhere else; no entry for an image whose Image could not be read
 */
public record TaggedImages(CapturedStream captured, List<TagHistory> tags, Map<Digest, Boolean> managed) {
    /** Keeps its own copies of the list and the map. */
    public TaggedImages {
        tags = List.copyOf(tags);
        managed = Map.copyOf(managed);
    }

    /** All images that the stream refers to, including children of indexes. */
    public Set<Digest> images() {
        return captured.images().keySet();
    }

    /** Whether the image was pushed to the cluster's registry; empty if unknown. */
    public Optional<Boolean> isManaged(Digest image) {
        return Optional.ofNullable(managed.get(image));
    }

    /** Whether the image is known to have been pushed to the cluster's registry, so that its absence is a loss. */
    public boolean isPushed(Digest image) {
        return managed.getOrDefault(image, false);
    }

    /** Whether the cluster had an Image object of it. */
    public boolean hasObject(Digest image) {
        return captured.hasImage(image);
    }

    /** Only the image that the tag points to, as that tag's only item; no image if there is no such tag. */
    public TaggedImages pointedToBy(Tag tag) {
        Optional<Item> current = tags.stream()
                .filter(history -> history.tag().equals(tag))
                .findFirst()
                .flatMap(TagHistory::current);
        return only(current.map(Item::image), current.map(item -> new TagHistory(tag, List.of(item))).stream());
    }

    /** Only this image, with the items of it that the tags have; no image if the stream does not refer to it. */
    public TaggedImages describe(Digest image) {
        return only(
                Optional.of(image),
                tags.stream()
                        .map(history -> new TagHistory(
                                history.tag(),
                                history.items().stream()
                                        .filter(item -> item.image().equals(image))
                                        .toList()))
                        .filter(history -> !history.items().isEmpty()));
    }

    private TaggedImages only(Optional<Digest> image, Stream<TagHistory> histories) {
        Map<Digest, String> images = new HashMap<>(captured.images());
        images.keySet().removeIf(other -> !image.equals(Optional.of(other)));
        return new TaggedImages(
                new CapturedStream(captured.stream(), captured.read(), captured.body(), images),
                histories.toList(),
                managed);
    }
}
