package dev.registrybackup.restore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** By what clients find the images of one repository that are to be restored. Filled once, by one thread. */
final class RestoreRoots {
    private final RepositoryName repository;
    private final Set<Digest> revisions = new HashSet<>();
    private final Map<Tag, Digest> tags = new TreeMap<>(Comparator.comparing(Tag::value));
    private final Set<TagIndexLink> history = new HashSet<>();

    RestoreRoots(RepositoryName repository) {
        this.repository = repository;
    }

    RepositoryName repository() {
        return repository;
    }

    /** Images by digest. */
    Set<Digest> revisions() {
        return revisions;
    }

    /** Images by tag; each is one by digest too. */
    Map<Tag, Digest> tags() {
        return tags;
    }

    /** What tags pointed to. */
    Set<TagIndexLink> history() {
        return history;
    }

    void addRevision(Digest digest) {
        revisions.add(digest);
    }

    /** Whatever a tag points to is to be found by digest as well, whether or not that link was lost. */
    void addTag(Tag tag, Digest digest) {
        tags.put(tag, digest);
        history.add(new TagIndexLink(repository, tag, digest));
        revisions.add(digest);
    }

    void addHistory(TagIndexLink entry) {
        history.add(entry);
    }
}
