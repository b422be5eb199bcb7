package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tags and digests under which clients find the images to restore in one repository.
 *
 * @param revisions images by digest
 * @param tags images by tag; each image is among the revisions too
 * @param history the index links of what tags pointed to
 */
record RestoreRoots(
        RepositoryName repository, Set<Digest> revisions, Map<Tag, Digest> tags, Set<TagIndexLink> history) {
    private static final List<String> REFERRER_SUFFIXES = List.of("", ".sig", ".att", ".sbom");

    private RestoreRoots(RepositoryName repository) {
        this(repository, new HashSet<>(), new TreeMap<>(Comparator.comparing(Tag::value)), new HashSet<>());
    }

    /** The roots of the request's scope by repository, with their referrers if requested. */
    static Collection<RestoreRoots> read(RestoreContext context, Links links) {
        Scope scope = context.request().scope();
        if (scope instanceof Scope.Blob) {
            return List.of();
        }
        Collection<RestoreRoots> found = read(context, links, scope);
        if (context.request().referrers() && scope instanceof Scope.SingleImage) {
            for (RestoreRoots roots : found) {
                for (RestoreRoots all : read(context, links, new Scope.Repository(roots.repository()))) {
                    roots.addReferrers(all, context.manifests().closure(all.revisions()));
                }
            }
        }
        return found;
    }

    private static Collection<RestoreRoots> read(RestoreContext context, Links links, Scope scope) {
        Map<RepositoryName, RestoreRoots> found = new LinkedHashMap<>();
        List<ListedLink> tags = new ArrayList<>();
        try (Stream<ListedLink> listing = links.list(
                scope.linkPrefix(context.backup().layout()),
                path -> scope.covers(path) && path.kind() != Kind.LAYER_LINK)) {
            listing.forEach(link -> {
                RestoreRoots roots = found.computeIfAbsent(link.path().repository(), RestoreRoots::new);
                reportIfApproximate(context, link);
                switch (link.path().kind()) {
                    case REVISION_LINK -> roots.revisions.add(((RevisionLink) link.path()).digest());
                    case TAG_INDEX_LINK -> {
                        TagIndexLink entry = (TagIndexLink) link.path();
                        roots.history.add(entry);
                        // The tag was listed right before, and its ETag shows to which entry it points.
                        ListedLink tag = tags.isEmpty() ? link : tags.get(tags.size() - 1);
                        if (tag.path().equals(entry.current()) && tag.provablyPointsTo(entry.digest())) {
                            tags.remove(tags.size() - 1);
                            roots.addTag(entry.tag(), entry.digest());
                        }
                    }
                    case TAG_CURRENT_LINK -> tags.add(link);
                    case LAYER_LINK, BLOB, UPLOAD, UNKNOWN, EXCLUDED -> {}
                }
            });
        }
        BoundedTaskGroup tasks = context.tasks();
        for (ListedLink link : tags) {
            tasks.submit(0, () -> readTag(context, links, link, found));
        }
        tasks.await();
        return found.values();
    }

    private static void reportIfApproximate(RestoreContext context, ListedLink link) {
        if (link.isApproximate()) {
            context.counts()
                    .addFinding(new Finding(
                            FindingCode.TIME_APPROXIMATE,
                            link.key(),
                            "the copy does not record when the registry wrote it, so the time of the copy was used: "
                                    + link.writtenAt()));
        }
    }

    private static void readTag(
            RestoreContext context, Links links, ListedLink link, Map<RepositoryName, RestoreRoots> found) {
        TagCurrentLink path = (TagCurrentLink) link.path();
        try {
            Optional<Digest> target = links.findLatestTarget(link);
            synchronized (found) {
                target.ifPresent(image -> found.computeIfAbsent(path.repository(), RestoreRoots::new)
                        .addTag(path.tag(), image));
            }
        } catch (MalformedLinkException e) {
            synchronized (found) {
                context.counts()
                        .addFinding(new Finding(FindingCode.LINK_MALFORMED, link.key(), e.getMessage() + ": left out"));
            }
        }
    }

    /** Makes each tag's image a revision too, even if its revision link was lost. */
    private void addTag(Tag tag, Digest digest) {
        tags.put(tag, digest);
        history.add(new TagIndexLink(repository, tag, digest));
        revisions.add(digest);
    }

    /**
     * Adds the referrers of these images in their repository: manifests with one of them as subject, and tags named
     * after its digest, {@code sha256-<hex>} and with {@code .sig}, {@code .att} and {@code .sbom} (OCI
     * distribution-spec, "Referrers Tag Schema"; cosign, "Tag-based Discovery"); and the referrers of those.
     *
     * @param all all roots of the repository
     * @param manifests all its manifests
     */
    private void addReferrers(RestoreRoots all, ManifestGraph manifests) {
        Set<Digest> images = new HashSet<>(manifests.below(revisions));
        int before;
        do {
            before = images.size();
            all.tags.forEach((tag, digest) -> {
                if (isReferrerTag(tag, images)) {
                    addTag(tag, digest);
                    images.addAll(manifests.below(List.of(digest)));
                }
            });
            for (Digest digest : all.revisions) {
                boolean isReferrer = manifests
                        .get(digest)
                        .manifest()
                        .subject()
                        .filter(images::contains)
                        .isPresent();
                if (isReferrer) {
                    revisions.add(digest);
                    images.addAll(manifests.below(List.of(digest)));
                }
            }
        } while (images.size() > before);
    }

    private static boolean isReferrerTag(Tag tag, Set<Digest> images) {
        return images.stream()
                .map(image -> image.algorithm().label() + "-" + image.hex())
                .anyMatch(name -> REFERRER_SUFFIXES.stream()
                        .anyMatch(suffix -> tag.value().equals(name + suffix)));
    }
}
