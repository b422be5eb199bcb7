package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Collects the links of one repository and the targets that were read. One thread adds links; after that many threads
 * may record targets.
 */
public final class RepositoryLinks {
    private final RepositoryName name;
    private final Map<Digest, ListedLink> layers = new LinkedHashMap<>();
    private final Map<Digest, ListedLink> revisions = new LinkedHashMap<>();
    private final Map<Tag, ListedLink> tagLinks = new LinkedHashMap<>();
    private final Map<Tag, List<ListedLink>> tagHistories = new LinkedHashMap<>();
    /** The targets of tags whose link was read or did not need to be. */
    private final Map<Tag, Digest> tagTargets = new ConcurrentHashMap<>();
    /** The targets of links of algorithms other than sha256, by the digest in their path. */
    private final Map<Digest, Digest> canonicalDigests = new ConcurrentHashMap<>();

    /** Starts without links. */
    public RepositoryLinks(RepositoryName name) {
        this.name = name;
    }

    /** Adds a link of this repository. */
    public void add(ListedLink link) {
        switch (link.path().kind()) {
            case LAYER_LINK -> layers.put(digestOf(link), link);
            case REVISION_LINK -> revisions.put(digestOf(link), link);
            case TAG_CURRENT_LINK -> tagLinks.put(((TagCurrentLink) link.path()).tag(), link);
            case TAG_INDEX_LINK ->
                tagHistories
                        .computeIfAbsent(((TagIndexLink) link.path()).tag(), tag -> new ArrayList<>())
                        .add(link);
            case BLOB, UPLOAD, UNKNOWN, EXCLUDED -> throw new IllegalArgumentException("Not a link: " + link.key());
        }
    }

    private static Digest digestOf(ListedLink link) {
        return ((DigestLink) link.path()).digest();
    }

    /** Records the target of a link, which was read or which its listing shows. */
    public void recordTarget(ListedLink link, Digest target) {
        if (link.path() instanceof TagCurrentLink current) {
            tagTargets.put(current.tag(), target);
        } else if (!digestOf(link).equals(target)) {
            canonicalDigests.put(digestOf(link), target);
        }
    }

    /** The repository of these links. */
    public RepositoryName name() {
        return name;
    }

    /** All links. */
    public Stream<ListedLink> all() {
        return Stream.of(
                        layers.values().stream(),
                        revisions.values().stream(),
                        tagLinks.values().stream(),
                        tagHistories.values().stream().flatMap(List::stream))
                .flatMap(links -> links);
    }

    /** The layer links, by the digest in their path. */
    public Map<Digest, ListedLink> layers() {
        return Collections.unmodifiableMap(layers);
    }

    /** The revision links, by the digest in their path. */
    public Map<Digest, ListedLink> revisions() {
        return Collections.unmodifiableMap(revisions);
    }

    /** The current links of its tags. */
    public Map<Tag, ListedLink> tagLinks() {
        return Collections.unmodifiableMap(tagLinks);
    }

    /** All tags, including those with a history only. */
    public Set<Tag> tags() {
        Set<Tag> tags = new LinkedHashSet<>(tagLinks.keySet());
        tags.addAll(tagHistories.keySet());
        return tags;
    }

    /** The index links of a tag, in key order. */
    public List<ListedLink> history(Tag tag) {
        return List.copyOf(tagHistories.getOrDefault(tag, List.of()));
    }

    /**
     * The target of a link as far as the ETag in the listing shows it: the one in its path, or for a tag one of its
     * history. Empty under KMS, and for a tag that was not written by a registry.
     */
    public Optional<Digest> provableTarget(ListedLink link) {
        return link.path() instanceof TagCurrentLink current
                ? history(current.tag()).stream()
                        .map(RepositoryLinks::digestOf)
                        .filter(link::provablyPointsTo)
                        .findFirst()
                : link.targetByPath().filter(link::provablyPointsTo);
    }

    /** The recorded targets of its tags. */
    public Map<Tag, Digest> tagTargets() {
        return Collections.unmodifiableMap(tagTargets);
    }

    /**
     * The digest under which the blob is stored for links with this digest in their path: a registry stores content
     * under its sha256.
     */
    public Digest canonicalDigest(Digest path) {
        return canonicalDigests.getOrDefault(path, path);
    }

    /** The manifests that were pushed to the repository. */
    public Set<Digest> images() {
        return revisions.keySet().stream().map(this::canonicalDigest).collect(Collectors.toSet());
    }

    /** Whether the manifest was pushed to the repository. */
    public boolean hasImage(Digest manifest) {
        return revisions.containsKey(manifest)
                || canonicalDigests.entrySet().stream()
                        .anyMatch(alias -> alias.getValue().equals(manifest) && revisions.containsKey(alias.getKey()));
    }
}
