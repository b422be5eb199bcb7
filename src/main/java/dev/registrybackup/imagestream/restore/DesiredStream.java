package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * The part of a captured ImageStream that is to be restored. For one thread.
 *
 * <p>An image that was pushed to the cluster's registry is <i>managed</i>: its bytes are restored too. Of other images only
 * the cluster's objects are restored; the registry pulls their bytes from their source again.
 */
final class DesiredStream {
    private final CapturedStream captured;
    private final ImageStream stream;
    private final Set<Digest> images;
    private final CaptureReader captureReader;
    private final Map<Digest, Optional<ImageObject>> imageObjects = new HashMap<>();

    private DesiredStream(
            CapturedStream captured, ImageStream stream, Set<Digest> images, CaptureReader captureReader) {
        this.captured = captured;
        this.stream = stream;
        this.images = images;
        this.captureReader = captureReader;
    }

    /**
     * The whole stream.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if it cannot be read
     */
    static DesiredStream of(CapturedStream captured, CaptureReader captureReader) {
        ImageStream stream = captureReader.stream(captured);
        return new DesiredStream(captured, stream, stream.images(), captureReader);
    }

    /** The same stream with these items of tags and their images only; tags without such an item are left out. */
    DesiredStream only(BiPredicate<String, JsonNode> isWanted) {
        ObjectNode json = stream.json().deepCopy();
        Set<String> tagsKept = new LinkedHashSet<>();
        ArrayNode tags = JsonNodeFactory.instance.arrayNode();
        for (JsonNode tag : json.path("status").path("tags")) {
            String name = tag.path("tag").asText();
            ArrayNode items = JsonNodeFactory.instance.arrayNode();
            for (JsonNode item : tag.path("items")) {
                if (isWanted.test(name, item)) {
                    items.add(item);
                }
            }
            if (!items.isEmpty()) {
                tagsKept.add(name);
                tags.add(((ObjectNode) tag).set("items", items));
            }
        }
        json.withObject("status").set("tags", tags);
        if (json.path("spec").path("tags") instanceof ArrayNode specTags) {
            specTags.removeIf(tag -> !tagsKept.contains(tag.path("name").asText()));
        }
        ImageStream part = new ImageStream(json);
        return new DesiredStream(captured, part, part.images(), captureReader);
    }

    /** The same stream with an image that no tag points to, for example a child of an index. */
    DesiredStream with(Digest image) {
        Set<Digest> more = new LinkedHashSet<>(images);
        more.add(image);
        return new DesiredStream(captured, stream, more, captureReader);
    }

    RepositoryName repository() {
        return captured.stream();
    }

    CapturedStream captured() {
        return captured;
    }

    ImageStream stream() {
        return stream;
    }

    /** The images that are wanted, without the children of indexes. */
    Set<Digest> images() {
        return images;
    }

    /** The Image as it was captured; empty if the cluster had none. Read once. */
    Optional<ImageObject> image(Digest digest) {
        return imageObjects.computeIfAbsent(digest, each -> captureReader.image(captured, each));
    }

    /** The children of the image, if it is an index that was captured. */
    List<Digest> children(Digest digest) {
        return image(digest).map(ImageObject::children).orElse(List.of());
    }

    /** Whether the cluster had an Image of it. Everything that was pushed has one, a child of an index too. */
    boolean isPushed(Digest digest) {
        return captured.hasImage(digest);
    }

    /**
     * The {@link #images} whose bytes must be in the registry's bucket. An item in the cluster's own registry is managed
     * without a look at its Image, which saves reading it.
     */
    Set<Digest> managed() {
        Set<Digest> managed = new LinkedHashSet<>();
        stream.items().filter(stream::isOfOwnRegistry).map(Item::image).forEach(managed::add);
        for (Digest digest : images) {
            if (!managed.contains(digest)
                    && image(digest).filter(ImageObject::isManaged).isPresent()) {
                managed.add(digest);
            }
        }
        return managed;
    }
}
