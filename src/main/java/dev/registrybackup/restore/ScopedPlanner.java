package dev.registrybackup.restore;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.BlobVersions;
import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plans the restore of a part of a registry, in memory that grows with the number of its digests. For one thread. */
final class ScopedPlanner {
    private final RestoreEndpoints restoreEndpoints;
    private final RestoreRequest request;
    private final ScopedRootReader rootReader;
    private final WorkerPools workerPools;
    private final BlobVersions blobVersions;
    private final RestoreCounts restoreCounts;
    private final Manifests manifests;

    /** Plans that request, and counts what it comes to. */
    ScopedPlanner(
            RestoreEndpoints restoreEndpoints,
            RestoreRequest request,
            ScopedRootReader roots,
            WorkerPools workerPools,
            BlobVersions removed,
            RestoreCounts restoreCounts) {
        this.restoreEndpoints = restoreEndpoints;
        this.request = request;
        this.rootReader = roots;
        this.workerPools = workerPools;
        this.blobVersions = removed;
        this.restoreCounts = restoreCounts;
        this.manifests = new Manifests(restoreEndpoints.backup(), restoreEndpoints.layout(), workerPools, removed);
    }

    /**
     * The plan.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     */
    ScopedPlan plan() {
        Collection<RestoreRoots> found = rootReader.read(manifests, restoreCounts::addFinding);
        Set<Digest> images =
                found.stream().flatMap(each -> each.revisions().stream()).collect(Collectors.toSet());
        Map<Digest, LoadedManifest> read = manifests.closure(images);
        Map<Digest, ObjectRef> held = presentBlobs(requiredBlobs(read));
        if (found.isEmpty() && held.isEmpty()) {
            throw UnknownScopeException.of(request);
        }
        ImageCompleteness imageCompleteness = new ImageCompleteness(
                read, held::containsKey, digest -> images.contains(digest) || isPushed(found, digest));
        SortedMap<Integer, List<LinkStep>> links = new TreeMap<>();
        boolean whole = true;
        for (RestoreRoots each : found) {
            whole &= reportMissing(each, imageCompleteness);
            DerivedLinks derived = new DerivedLinks(
                    each, read, digest -> imageCompleteness.of(digest).isComplete());
            planLinks(each, derived.steps(held::containsKey).toList())
                    .forEach(step -> links.computeIfAbsent(step.rank(), fresh -> new ArrayList<>())
                            .add(step));
        }
        return new ScopedPlan(planBlobs(held), links, read, whole);
    }

    private Set<Digest> requiredBlobs(Map<Digest, LoadedManifest> read) {
        if (request.scope() instanceof Scope.Blob blob) {
            return Set.of(blob.digest());
        }
        Set<Digest> wanted = new HashSet<>(read.keySet());
        read.values()
                .forEach(loadedManifest ->
                        loadedManifest.manifest().references().forEach(each -> wanted.add(each.digest())));
        return wanted;
    }

    /** What the backup has of these, in older versions where it shows none. */
    private Map<Digest, ObjectRef> presentBlobs(Set<Digest> wanted) {
        Map<String, ObjectRef> visible = new ExistenceChecker(restoreEndpoints.backup(), workerPools)
                .findExisting(
                        restoreEndpoints.layout().blobsPrefix(),
                        wanted.stream().map(restoreEndpoints.layout()::blobKey).collect(Collectors.toSet()));
        Map<Digest, ObjectRef> held = new HashMap<>();
        for (Digest digest : wanted) {
            Optional.ofNullable(visible.get(restoreEndpoints.layout().blobKey(digest)))
                    .or(() -> blobVersions.newestValid(digest))
                    .ifPresent(there -> held.put(digest, there));
        }
        return held;
    }

    /** Of one image the roots have itself alone, and not the children of an index that were pushed beside it. */
    private boolean isPushed(Collection<RestoreRoots> found, Digest manifest) {
        boolean isOneImage = request.scope() instanceof Scope.Image || request.scope() instanceof Scope.TaggedImage;
        return rootReader.links().isPushed(manifest)
                || (isOneImage
                        && found.stream().anyMatch(each -> isLinked(new RevisionLink(each.repository(), manifest))));
    }

    private boolean isLinked(RevisionLink path) {
        try (Stream<ListedLink> links =
                rootReader.links().list(restoreEndpoints.layout().keyOf(path))) {
            return links.findAny().isPresent();
        }
    }

    /** Says what images lack; whether they lack nothing. */
    private boolean reportMissing(RestoreRoots restoreRoots, ImageCompleteness imageCompleteness) {
        boolean whole = true;
        for (Digest image : restoreRoots.revisions()) {
            restoreCounts.addImage();
            ImageCompleteness.MissingContent missingContent = imageCompleteness.of(image);
            whole &= missingContent.isComplete();
            String name = restoreRoots.repository() + "@" + image;
            missingContent
                    .missing()
                    .forEach(digest -> restoreCounts.addFinding(new Finding(
                            FindingCode.BLOB_MISSING,
                            name,
                            "left out, since the backup lacks %s or has it damaged".formatted(digest))));
            missingContent
                    .sparse()
                    .forEach(digest -> restoreCounts.addFinding(new Finding(
                            FindingCode.INDEX_SPARSE, name, "lacks %s, as an index may".formatted(digest))));
        }
        return whole;
    }

    private List<BlobStep> planBlobs(Map<Digest, ObjectRef> held) {
        Map<String, ObjectRef> inTarget = new ExistenceChecker(restoreEndpoints.target(), workerPools)
                .findExisting(
                        restoreEndpoints.targetLayout().blobsPrefix(),
                        held.keySet().stream()
                                .map(digest -> restoreEndpoints.targetKey(new BlobData(digest)))
                                .collect(Collectors.toSet()));
        List<BlobStep> steps = new ArrayList<>();
        held.forEach((digest, there) -> {
            BlobStep step = new BlobStep(
                    digest, there, Optional.ofNullable(inTarget.get(restoreEndpoints.targetKey(new BlobData(digest)))));
            if (restoreCounts.addBlob(step, request.mode())) {
                steps.add(step);
            }
        });
        return steps;
    }

    private List<LinkStep> planLinks(RestoreRoots restoreRoots, List<LinkStep> steps) {
        LinkConflictPolicy target = new LinkConflictPolicy(restoreEndpoints, request, restoreCounts::addFinding);
        Map<String, ObjectRef> there = new ExistenceChecker(restoreEndpoints.target(), workerPools)
                .findExisting(
                        new Scope.Repository(restoreRoots.repository()).linkPrefix(restoreEndpoints.targetLayout()),
                        steps.stream()
                                .map(step -> restoreEndpoints.targetKey(step.path()))
                                .collect(Collectors.toSet()));
        return steps.stream()
                .filter(step -> restoreCounts.addLink(
                        step.bytes(),
                        target.isWriteNeeded(
                                step.path(),
                                step.target(),
                                Optional.ofNullable(there.get(restoreEndpoints.targetKey(step.path()))))))
                .toList();
    }
}
