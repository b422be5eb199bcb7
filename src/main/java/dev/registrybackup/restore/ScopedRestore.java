package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ImageCompleteness.MissingContent;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.inventory.Manifests.ManifestState;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.restore.BlobRestorer.BlobAction;
import dev.registrybackup.restore.BlobRestorer.BlobStep;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Restores part of a registry, in memory that grows with the number of its digests: plans and counts everything, then
 * copies. Writes no link above a blob that could not be copied. For one thread.
 */
final class ScopedRestore implements Restore.PlannedRestore {
    private static final int LAYER_RANK = 0;
    private static final int REVISION_RANK = 1;
    /** A bound on the nesting of indexes that no real index reaches. */
    private static final int MAX_LEVELS = 1_000_000;

    private static final int TAG_INDEX_RANK = REVISION_RANK + MAX_LEVELS;
    private static final int TAG_RANK = TAG_INDEX_RANK + 1;

    private final RestoreContext context;
    private final Links links;
    private final LinkRestorer linkRestorer;
    private final ManifestGraph manifests;
    private final List<BlobStep> blobSteps = new ArrayList<>();
    /** By rank: a link is written after all links of lower rank. */
    private final SortedMap<Integer, List<LinkStep>> linkSteps = new TreeMap<>();
    /** Whether the backup has everything that the scope's images need. */
    private boolean isComplete = true;

    private record LinkStep(RegistryPath.Link path, Digest target, int rank) {}

    /**
     * Plans and counts the restore.
     *
     * @throws UnknownScopeException if the backup has nothing in the scope
     */
    ScopedRestore(RestoreContext context, Links links) {
        this.context = context;
        this.links = links;
        this.linkRestorer = new LinkRestorer(context);
        Collection<RestoreRoots> roots = RestoreRoots.read(context, links);
        Set<Digest> images =
                roots.stream().flatMap(each -> each.revisions().stream()).collect(Collectors.toSet());
        this.manifests = context.manifests().closure(images);
        Map<Digest, ObjectRef> inBackup = findInBackup(requiredBlobs());
        if (roots.isEmpty() && inBackup.isEmpty()) {
            throw UnknownScopeException.of(context.request());
        }
        ImageCompleteness completeness = new ImageCompleteness(
                manifests, inBackup::containsKey, digest -> images.contains(digest) || isPushed(roots, digest));
        for (RestoreRoots each : roots) {
            reportMissing(each, completeness);
            planLinks(each, derivedLinks(each, completeness, inBackup::containsKey));
        }
        planBlobs(inBackup);
    }

    private Set<Digest> requiredBlobs() {
        if (context.request().scope() instanceof Scope.Blob blob) {
            return Set.of(blob.digest());
        }
        Set<Digest> required = new HashSet<>();
        manifests.manifests().forEach((digest, loaded) -> {
            required.add(digest);
            loaded.manifest().references().forEach(reference -> required.add(reference.digest()));
        });
        return required;
    }

    /** The backup's objects of these blobs, in older versions where there is no current one. */
    private Map<Digest, ObjectRef> findInBackup(Set<Digest> digests) {
        Map<String, ObjectRef> visible = new ExistenceChecker(context.backup().store(), context.workerPools())
                .findExisting(
                        context.backup().layout().blobsPrefix(),
                        digests.stream().map(context.backup()::key).collect(Collectors.toSet()));
        Map<Digest, ObjectRef> inBackup = new HashMap<>();
        for (Digest digest : digests) {
            Optional.ofNullable(visible.get(context.backup().key(digest)))
                    .or(() -> context.olderVersions().newestValid(digest))
                    .ifPresent(found -> inBackup.put(digest, found));
        }
        return inBackup;
    }

    /** The roots of a single image do not include the children of an index that were pushed separately. */
    private boolean isPushed(Collection<RestoreRoots> roots, Digest manifest) {
        return links.isPushed(manifest)
                || (context.request().scope() instanceof Scope.SingleImage
                        && roots.stream().anyMatch(each -> isLinked(new RevisionLink(each.repository(), manifest))));
    }

    private boolean isLinked(RevisionLink path) {
        try (Stream<ListedLink> found = links.list(context.backup().key(path))) {
            return found.findAny().isPresent();
        }
    }

    private void reportMissing(RestoreRoots roots, ImageCompleteness completeness) {
        for (Digest image : roots.revisions()) {
            context.counts().addImage();
            MissingContent content = completeness.of(image);
            isComplete &= content.isComplete();
            String name = roots.repository() + "@" + image;
            content.missing()
                    .forEach(digest -> context.counts()
                            .addFinding(new Finding(
                                    FindingCode.BLOB_MISSING,
                                    name,
                                    "left out, because %s is missing from the backup or corrupt".formatted(digest))));
            content.sparse()
                    .forEach(digest -> context.counts()
                            .addFinding(new Finding(
                                    FindingCode.INDEX_SPARSE,
                                    name,
                                    "%s is missing, which an index allows".formatted(digest))));
        }
    }

    /**
     * The links that complete images of one repository need, derived from their manifests: layer links except those of
     * foreign layers, revision links, and the links of tags and their history that lead to an image that exists.
     */
    private List<LinkStep> derivedLinks(
            RestoreRoots roots, ImageCompleteness completeness, Predicate<Digest> isInBackup) {
        List<Digest> images = roots.revisions().stream()
                .filter(image -> completeness.of(image).isComplete())
                .toList();
        Set<Digest> layers = new HashSet<>();
        Map<Digest, Integer> levelsBelow = new HashMap<>();
        for (Digest manifest : ManifestGraph.childrenFirst(images, this::presentChildren)) {
            manifests
                    .get(manifest)
                    .blobs()
                    .map(Descriptor::digest)
                    .filter(isInBackup)
                    .forEach(layers::add);
            levelsBelow.put(
                    manifest,
                    presentChildren(manifest).stream()
                            .mapToInt(child -> levelsBelow.getOrDefault(child, 0) + 1)
                            .max()
                            .orElse(0));
        }
        List<LinkStep> steps = new ArrayList<>();
        layers.forEach(layer -> steps.add(new LinkStep(new LayerLink(roots.repository(), layer), layer, LAYER_RANK)));
        levelsBelow.forEach((manifest, levels) -> steps.add(
                new LinkStep(new RevisionLink(roots.repository(), manifest), manifest, REVISION_RANK + levels)));
        roots.history().stream()
                .filter(entry -> levelsBelow.containsKey(entry.digest()))
                .forEach(entry -> steps.add(new LinkStep(entry, entry.digest(), TAG_INDEX_RANK)));
        roots.tags().forEach((tag, target) -> {
            if (levelsBelow.containsKey(target)) {
                steps.add(new LinkStep(new TagCurrentLink(roots.repository(), tag), target, TAG_RANK));
            }
        });
        return steps;
    }

    private List<Digest> presentChildren(Digest manifest) {
        return manifests.get(manifest).children().stream()
                .filter(child -> manifests.get(child).state() != ManifestState.MISSING)
                .toList();
    }

    private void planLinks(RestoreRoots roots, List<LinkStep> steps) {
        Map<String, ObjectRef> inTarget = new ExistenceChecker(context.target().store(), context.workerPools())
                .findExisting(
                        new Scope.Repository(roots.repository())
                                .linkPrefix(context.target().layout()),
                        steps.stream()
                                .map(step -> context.target().key(step.path()))
                                .collect(Collectors.toSet()));
        for (LinkStep step : steps) {
            Optional<ObjectRef> there =
                    Optional.ofNullable(inTarget.get(context.target().key(step.path())));
            boolean isNeeded =
                    linkRestorer.isWriteNeeded(step.path(), step.target(), there, context.counts()::addFinding);
            context.counts().addLink(LinkContent.of(step.target()).length, isNeeded);
            if (isNeeded) {
                linkSteps
                        .computeIfAbsent(step.rank(), rank -> new ArrayList<>())
                        .add(step);
            }
        }
    }

    private void planBlobs(Map<Digest, ObjectRef> inBackup) {
        Map<String, ObjectRef> inTarget = new ExistenceChecker(context.target().store(), context.workerPools())
                .findExisting(
                        context.target().layout().blobsPrefix(),
                        inBackup.keySet().stream().map(context.target()::key).collect(Collectors.toSet()));
        inBackup.forEach((digest, ref) -> {
            BlobStep step = new BlobStep(
                    digest,
                    ref,
                    Optional.ofNullable(inTarget.get(context.target().key(digest))));
            BlobAction action = context.counts().addBlob(step, context.request().mode());
            if (action == BlobAction.COPY || action == BlobAction.VERIFY) {
                blobSteps.add(step);
            }
        });
    }

    @Override
    public boolean run() {
        context.operation().progress().phase("blobs");
        BlobRestorer blobs = new BlobRestorer(context);
        BoundedTaskGroup tasks = context.tasks();
        blobSteps.forEach(step -> tasks.submit(step.inBackup().size(), () -> blobs.restore(step)));
        tasks.await();
        ImageCompleteness completeness =
                new ImageCompleteness(manifests, digest -> !blobs.hasFailed(digest), digest -> false);
        boolean isAllWritten = blobSteps.stream().noneMatch(step -> blobs.hasFailed(step.digest()));
        for (List<LinkStep> steps : linkSteps.values()) {
            isAllWritten &= write(steps, blobs, completeness);
        }
        return isAllWritten && isComplete;
    }

    private boolean write(List<LinkStep> steps, BlobRestorer blobs, ImageCompleteness completeness) {
        context.operation().progress().phase(steps.get(0).path().kind().label() + "s");
        BoundedTaskGroup tasks = context.tasks();
        boolean isAllWritten = true;
        for (LinkStep step : steps) {
            boolean isLayer = step.path().kind() == Kind.LAYER_LINK;
            boolean isTargetComplete = isLayer
                    ? !blobs.hasFailed(step.target())
                    : completeness.of(step.target()).isComplete();
            if (isTargetComplete) {
                tasks.submit(0, () -> linkRestorer.write(step.path(), step.target()));
            } else {
                isAllWritten = false;
                if (!isLayer) {
                    context.operation()
                            .report(new Finding(
                                    FindingCode.BLOB_MISSING,
                                    context.target().key(step.path()),
                                    "not written, because something that %s needs could not be copied"
                                            .formatted(step.target())));
                }
            }
        }
        tasks.await();
        return isAllWritten;
    }
}
