package dev.registrybackup.catalog;

import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.registry.Digest;
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
        ManifestGraph manifests,
        Map<Digest, ImageMetadata> metadata,
        Function<Digest, OptionalLong> sizes,
        ImageCompleteness imageCompleteness,
        Predicate<Digest> isUnknown) {
    /** Whether it can be restored; empty if the store did not say enough. */
    public Optional<Boolean> isRestorable(Digest image) {
        Set<Digest> missing = imageCompleteness.of(image).missing();
        return missing.isEmpty() || !missing.stream().allMatch(isUnknown)
                ? Optional.of(missing.isEmpty())
                : Optional.empty();
    }
}
