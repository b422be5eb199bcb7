package dev.registrybackup.catalog;

import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A repository with its links and ImageStream.
 *
 * @param links its links, if it has any
 * @param imageStream its ImageStream, if it has one
 */
public record RepositoryView(RepositoryLinks links, Optional<TaggedImages> imageStream) {
    /** The repository's name. */
    public RepositoryName name() {
        return links.name();
    }

    /** All images that were pushed to it, and that its tags refer to. */
    public Set<Digest> images() {
        Set<Digest> images = new HashSet<>(links.images());
        imageStream.ifPresent(tagged -> images.addAll(tagged.images()));
        return images;
    }

    /** The images that the store must have: imported ones can be imported again. */
    public Set<Digest> requiredImages() {
        Set<Digest> images = new HashSet<>(links.images());
        imageStream.ifPresent(
                tagged -> tagged.images().stream().filter(tagged::isPushed).forEach(images::add));
        return images;
    }

    /** Whether the manifest is known to have been pushed here. */
    public boolean isPushed(Digest manifest) {
        return links.hasImage(manifest)
                || imageStream.filter(tagged -> tagged.isPushed(manifest)).isPresent();
    }
}
