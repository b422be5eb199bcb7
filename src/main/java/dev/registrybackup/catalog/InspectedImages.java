package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ImageCompleteness.MissingContent;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What is known of some images.
 *
 * @param manifests all manifests that they lead to
 * @param metadata what they are; nothing of those that could not be read
 * @param sizes how many bytes of a blob the store has; empty if none
 * @param imageCompleteness whether they are whole
 * @param isUnknown of what the store did not say whether it has it
 */
public record InspectedImages(
        Map<Digest, LoadedManifest> manifests,
        Map<Digest, ImageMetadata> metadata,
        Function<Digest, OptionalLong> sizes,
        ImageCompleteness imageCompleteness,
        Predicate<Digest> isUnknown) {
    private static final Comparator<Digest> BY_TEXT = Comparator.comparing(Digest::toString);

    /** What the image is. */
    void addMetadata(Digest image, ObjectNode json) {
        ImageMetadata imageMetadata = metadata.get(image);
        if (imageMetadata != null) {
            json.put("mediaType", imageMetadata.mediaType());
            ArrayNode platforms = json.putArray("platforms");
            imageMetadata.platforms().forEach(platform -> platforms.add(platform.toJson()));
            imageMetadata.created().ifPresent(time -> json.put("created", time));
        }
        json.put("size", size(List.of(image)));
        LoadedManifest loadedManifest = manifests.get(image);
        addAll(
                json,
                "children",
                loadedManifest == null
                        ? List.of()
                        : loadedManifest.manifest().references().stream()
                                .filter(reference -> reference.role() == Role.MANIFEST)
                                .map(Descriptor::digest)
                                .toList());
    }

    /** Whether it can be restored; empty if the store did not say enough. */
    public Optional<Boolean> isRestorable(Digest image) {
        Set<Digest> missing = imageCompleteness.of(image).missing();
        return missing.isEmpty() || !missing.stream().allMatch(isUnknown)
                ? Optional.of(missing.isEmpty())
                : Optional.empty();
    }

    /** Whether it can be restored, or else what it lacks; neither, if the store did not say enough. */
    void addCompleteness(Digest image, ObjectNode json) {
        MissingContent missingContent = imageCompleteness.of(image);
        List<Digest> untold = missingContent.missing().stream()
                .filter(isUnknown)
                .sorted(BY_TEXT)
                .toList();
        isRestorable(image).ifPresent(restorable -> json.put("restorable", restorable));
        addAll(json, "unknown", untold);
        addAll(
                json,
                "missing",
                missingContent.missing().stream()
                        .filter(isUnknown.negate())
                        .sorted(BY_TEXT)
                        .toList());
        addAll(json, "sparse", missingContent.sparse().stream().sorted(BY_TEXT).toList());
    }

    private static void addAll(ObjectNode json, String field, List<Digest> digests) {
        if (!digests.isEmpty()) {
            ArrayNode list = json.putArray(field);
            digests.forEach(digest -> list.add(digest.toString()));
        }
    }

    /** How many bytes these take in all, what they share counted once; of what is not there as many as is claimed. */
    long size(Collection<Digest> images) {
        Set<Digest> counted = new HashSet<>();
        Deque<Digest> open = new ArrayDeque<>(images);
        long size = 0;
        while (!open.isEmpty()) {
            Digest manifest = open.pop();
            LoadedManifest loadedManifest = manifests.get(manifest);
            if (loadedManifest != null && counted.add(manifest)) {
                size += loadedManifest.size();
                for (Descriptor reference : loadedManifest.manifest().references()) {
                    if (reference.role() == Role.MANIFEST) {
                        open.push(reference.digest());
                    } else if (counted.add(reference.digest())) {
                        size += size(reference);
                    }
                }
            }
        }
        return size;
    }

    private long size(Descriptor blob) {
        OptionalLong held = sizes.apply(blob.digest());
        return held.isPresent() || blob.role() == Role.FOREIGN_LAYER
                ? held.orElse(0)
                : Math.max(0, blob.size().orElse(0));
    }
}
