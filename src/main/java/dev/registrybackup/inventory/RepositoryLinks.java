package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.RegistryPath.Kind;
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
 * The links of one repository, as far as they were added, and what those say that had to be read. Links are added by one
 * thread; many may then note what they say.
 */
public final class RepositoryLinks {
    private final RepositoryName name;
    private final Map<Digest, ListedLink> layers = new LinkedHashMap<>();
    private final Map<Digest, ListedLink> revisions = new LinkedHashMap<>();
    private final Map<Tag, ListedLink> tagLinks = new LinkedHashMap<>();
    private final Map<Tag, List<ListedLink>> tagHistories = new LinkedHashMap<>();
    /** What tags point to, of those whose link was read or needed not be. */
    private final Map<Tag, Digest> tagTargets = new ConcurrentHashMap<>();
    /** What links of other algorithms than sha256 point to, by the digest in their path. */
    private final Map<Digest, Digest> canonicalDigests = new ConcurrentHashMap<>();

    /** What revision links of such algorithms point to. */
    private final Set<Digest> aliasedImages = ConcurrentHashMap.newKeySet();

    private int size;

    /** None yet. */
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
            case BLOB, UPLOAD, UNKNOWN, EXCLUDED -> throw new IllegalArgumentException("No link: " + link.key());
        }
        size++;
    }

    private static Digest digestOf(ListedLink link) {
        return ((DigestLink) link.path()).digest();
    }

    /** Notes what a link says that was read, or whose listing proves it. */
    public void recordTarget(ListedLink link, Digest target) {
        if (link.path() instanceof TagCurrentLink current) {
            tagTargets.put(current.tag(), target);
        } else if (!digestOf(link).equals(target)) {
            canonicalDigests.put(digestOf(link), target);
            if (link.path().kind() == Kind.REVISION_LINK) {
                aliasedImages.add(target);
            }
        }
    }

    /** Whose links these are. */
    public RepositoryName name() {
        return name;
    }

    /** How many there are. */
    public int size() {
        return size;
    }

    /** All of them. */
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

    /** What its tags point to. */
    public Map<Tag, ListedLink> tagLinks() {
        return Collections.unmodifiableMap(tagLinks);
    }

    /** All tags, those with a history only among them. */
    public Set<Tag> tags() {
        Set<Tag> tags = new LinkedHashSet<>(tagLinks.keySet());
        tags.addAll(tagHistories.keySet());
        return tags;
    }

    /** What a tag pointed to, in key order. */
    public List<ListedLink> history(Tag tag) {
        return List.copyOf(tagHistories.getOrDefault(tag, List.of()));
    }

    /**
     * What one of these links says, as far as the listing alone proves it by the ETag: it says what its path does, and a
     * tag points to one of its history. Empty under KMS, and of a tag that something else than a registry wrote.
     */
    public Optional<Digest> provableTarget(ListedLink link) {
        return link.path() instanceof TagCurrentLink current
                ? history(current.tag()).stream()
                        .map(RepositoryLinks::digestOf)
                        .filter(link::provablyPointsTo)
                        .findFirst()
                : link.targetByPath().filter(link::provablyPointsTo);
    }

    /** What its tags point to, as far as that was noted. */
    public Map<Tag, Digest> tagTargets() {
        return Collections.unmodifiableMap(tagTargets);
    }

    /**
     * The digest under which the blob is kept that links with this one in their path lead to: a registry keeps content under
     * its sha256, whatever else it is called by.
     */
    public Digest canonicalDigest(Digest path) {
        return canonicalDigests.getOrDefault(path, path);
    }

    /** The manifests that were pushed to it. */
    public Set<Digest> images() {
        return revisions.keySet().stream().map(this::canonicalDigest).collect(Collectors.toSet());
    }

    /** Whether that manifest was pushed to it. */
    public boolean hasImage(Digest manifest) {
        return revisions.containsKey(manifest) || aliasedImages.contains(manifest);
    }
}
