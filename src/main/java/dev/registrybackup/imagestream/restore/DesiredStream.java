package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * What is to be restored of one ImageStream. For one thread.
 *
 * <p>An image whose bytes the registry was given is <i>managed</i>; of others only the cluster's records are restored, and
 * what was pulled through comes again from where it lives.
 */
final class DesiredStream {
    private final CapturedStream captured;
    private final ImageStream stream;
    private final Set<Digest> images;
    private final CaptureReader captureReader;
    private final Map<Digest, Optional<ImageObject>> read = new HashMap<>();

    private DesiredStream(
            CapturedStream captured, ImageStream stream, Set<Digest> images, CaptureReader captureReader) {
        this.captured = captured;
        this.stream = stream;
        this.images = images;
        this.captureReader = captureReader;
    }

    /** All of it. */
    static DesiredStream of(CapturedStream captured, CaptureReader captureReader) {
        ImageStream stream = captureReader.stream(captured);
        return new DesiredStream(captured, stream, stream.images(), captureReader);
    }

    /** As much of it as is asked for: those items of tags, and their images. */
    DesiredStream only(BiPredicate<String, JsonNode> isWanted) {
        ObjectNode json = stream.json().deepCopy();
        Set<String> kept = new LinkedHashSet<>();
        ArrayNode tags = JsonNodeFactory.instance.arrayNode();
        for (JsonNode tag : json.path("status").path("tags")) {
            String name = tag.path("tag").asText();
            ArrayNode items = JsonNodeFactory.instance.arrayNode();
            tag.path("items").forEach(item -> {
                if (isWanted.test(name, item)) {
                    items.add(item);
                }
            });
            if (!items.isEmpty()) {
                kept.add(name);
                tags.add(((ObjectNode) tag).set("items", items));
            }
        }
        json.withObject("status").set("tags", tags);
        keep(json, kept::contains);
        ImageStream less = new ImageStream(json);
        return new DesiredStream(captured, less, less.images(), captureReader);
    }

    private static void keep(ObjectNode json, Predicate<String> isKept) {
        ArrayNode kept = JsonNodeFactory.instance.arrayNode();
        for (JsonNode tag : json.path("spec").path("tags")) {
            if (isKept.test(tag.path("name").asText())) {
                kept.add(tag);
            }
        }
        if (json.path("spec").has("tags")) {
            ((ObjectNode) json.path("spec")).set("tags", kept);
        }
    }

    /** With an image that no tag names: an index's child, say. */
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

    /** The images that are wanted; what is below an index follows from it. */
    Set<Digest> images() {
        return images;
    }

    /** The Image as it was captured; empty if the cluster had none. */
    Optional<ImageObject> image(Digest digest) {
        return read.computeIfAbsent(digest, each -> captureReader.image(captured, each));
    }

    /** Whether the cluster had an Image of it: what was pushed has one, an index's child too. */
    boolean isPushed(Digest digest) {
        return captured.hasImage(digest);
    }

    /** Those of {@link #images} whose bytes the registry's bucket has to have. */
    Set<Digest> managed() {
        Set<Digest> managed = new LinkedHashSet<>();
        // What a tag has from the cluster's own registry need not be looked up.
        stream.tags().stream()
                .flatMap(tag -> tag.items().stream())
                .filter(stream::isOfOwnRegistry)
                .map(ImageStream.Item::image)
                .forEach(managed::add);
        for (Digest digest : images) {
            if (!managed.contains(digest)
                    && image(digest).filter(ImageObject::isManaged).isPresent()) {
                managed.add(digest);
            }
        }
        return managed;
    }
}
