package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How many images and tags a stream may have: OAS pkg/image/apiserver/admission/limitrange/imagestream_limits.go and
 * usage.go. Limits of type openshift.io/Image (sizes) are not simulated.
 */
final class Limits {
    private static final String IMAGES = "openshift.io/images";
    private static final String TAGS = "openshift.io/image-tags";

    private final Map<String, Integer> maxima = new TreeMap<>();

    Limits(Collection<ObjectNode> limitRanges, String namespace) {
        for (ObjectNode range : limitRanges) {
            if (range.at("/metadata/namespace").asText().equals(namespace)) {
                range.at("/spec/limits").forEach(this::add);
            }
        }
    }

    /** Of several limits the least counts: getMaxLimits. */
    private void add(JsonNode limit) {
        if (limit.path("type").asText().equals("openshift.io/ImageStream")) {
            for (String name : List.of(IMAGES, TAGS)) {
                if (limit.path("max").has(name)) {
                    maxima.merge(name, limit.path("max").path(name).asInt(), Math::min);
                }
            }
        }
    }

    /** Why the stream may not become this, or nothing; what grows in neither set is let through: VerifyLimits. */
    Optional<String> refusalOf(@Nullable ObjectNode old, ObjectNode next) {
        Set<String> specs = specReferences(next);
        Set<String> images = images(next);
        if (maxima.isEmpty()
                || (specReferences(old).containsAll(specs) && images(old).containsAll(images))) {
            return Optional.empty();
        }
        List<String> exceeded = new ArrayList<>();
        check(IMAGES, images.size(), exceeded);
        check(TAGS, specs.size(), exceeded);
        if (exceeded.isEmpty()) {
            return Optional.empty();
        }
        String all = exceeded.size() == 1 ? exceeded.get(0) : "[" + String.join(", ", exceeded) + "]";
        return Optional.of("ImageStream.image.openshift.io \"%s\" is forbidden: %s"
                .formatted(next.at("/metadata/name").asText(), all));
    }

    private void check(String name, int usage, List<String> exceeded) {
        Integer maximum = maxima.get(name);
        if (maximum != null && usage > maximum) {
            exceeded.add("requested usage of %s exceeds the maximum limit per openshift.io/ImageStream (%d > %d)"
                    .formatted(name, usage, maximum));
        }
    }

    private static Set<String> images(@Nullable ObjectNode stream) {
        Set<String> images = new HashSet<>();
        if (stream != null) {
            for (ObjectNode tag : Tags.status(stream).values()) {
                Tags.items(tag).forEach(item -> images.add(item.path("image").asText()));
            }
        }
        images.remove("");
        return images;
    }

    /** What the spec names, each once; a tag without its stream's name is not counted: getImageReferenceForObjectReference. */
    private static Set<String> specReferences(@Nullable ObjectNode stream) {
        Set<String> references = new HashSet<>();
        if (stream != null) {
            for (ObjectNode tag : Tags.spec(stream).values()) {
                JsonNode from = tag.path("from");
                String kind = from.path("kind").asText();
                String name = from.path("name").asText();
                String namespace = from.path("namespace")
                        .asText(stream.at("/metadata/namespace").asText());
                if (kind.equals("DockerImage")) {
                    references.add(name);
                } else if (name.contains(kind.equals("ImageStreamTag") ? ":" : "@")) {
                    references.add(namespace + "/" + name);
                }
            }
        }
        return references;
    }
}
