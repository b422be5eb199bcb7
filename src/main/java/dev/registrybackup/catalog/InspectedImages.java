package dev.registrybackup.catalog;

import dev.registrybackup.catalog.ImageMetadataReader.ImageMetadata;
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
 * The inspected state of some images.
 *
 * @param manifests all manifests reachable from them
 * @param metadata their metadata, except that of images whose config could not be read
 * @param sizes the size of a blob in the store in bytes; empty if it is missing
 * @param isUnknown whether the presence of a blob cannot be determined
 */
public record InspectedImages(
        ManifestGraph manifests,
        Map<Digest, ImageMetadata> metadata,
        Function<Digest, OptionalLong> sizes,
        ImageCompleteness imageCompleteness,
        Predicate<Digest> isUnknown) {
    /** Whether the image can be restored; empty if that cannot be determined. */
    public Optional<Boolean> isRestorable(Digest image) {
        Set<Digest> missing = imageCompleteness.of(image).missing();
        return missing.isEmpty() || !missing.stream().allMatch(isUnknown)
                ? Optional.of(missing.isEmpty())
                : Optional.empty();
    }
}
