package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.catalog.Description;
import dev.registrybackup.catalog.Descriptions;
import dev.registrybackup.catalog.ImageFacts;
import dev.registrybackup.catalog.RepositoryDocument;
import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.ObjectStoreException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writes what was learnt of each repository of the backup into the catalog. Of other stores there is none. */
final class Documents {
    private final Inquiry inquiry;
    private final Optional<Catalog> catalog;
    private final Instant at;
    private final Set<RepositoryName> written = new HashSet<>();

    /**
     * Writes them.
     *
     * @param at when the listing of links began: nothing in the documents is older
     */
    Documents(Inquiry inquiry, Optional<Catalog> catalog, Instant at) {
        this.inquiry = inquiry;
        this.catalog = catalog.filter(any -> inquiry.isOfBackup() && inquiry.isOfRepositories());
        this.at = at;
    }

    /** What these images are, if that is to be written. */
    Map<Digest, Description> describe(Set<Digest> images) {
        return catalog.isEmpty()
                ? Map.of()
                : new Descriptions(inquiry.store(), inquiry.layout(), inquiry.lanes())
                        .read(images, (image, failure) -> inquiry.tally().untold(image.toString(), failure));
    }

    /** Writes a repository's document. */
    void write(Subject subject, ImageFacts facts) {
        catalog.ifPresent(open -> {
            keep(subject.name());
            change(() -> open.write(new RepositoryDocument(subject.links(), facts, subject.stream()).json(at)));
        });
    }

    /** Leaves a repository's document as it is. */
    void keep(RepositoryName repository) {
        written.add(repository);
    }

    /** Removes the documents of repositories that are no more, once all were looked at. */
    void removeOthers() {
        catalog.ifPresent(open -> change(() -> open.keepOnly(written)));
    }

    /** A document that could not be written is one more thing that could not be told: the others may be. */
    private void change(Runnable writing) {
        inquiry.tally().require();
        try {
            writing.run();
        } catch (ObjectStoreException e) {
            inquiry.tally().untold(RegistryLayout.BOOKKEEPING_PREFIX + "catalog/", e);
        }
    }
}
