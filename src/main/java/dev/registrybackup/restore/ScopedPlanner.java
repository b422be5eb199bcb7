package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Lookup;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.inventory.RemovedBlobs;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.inventory.Wholeness;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.transfer.Lanes;
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
    private final Ends ends;
    private final RestoreRequest request;
    private final ScopedRoots roots;
    private final Lanes lanes;
    private final RemovedBlobs removed;
    private final Tally tally;
    private final Manifests manifests;

    /** Plans that request, and counts what it comes to. */
    ScopedPlanner(
            Ends ends, RestoreRequest request, ScopedRoots roots, Lanes lanes, RemovedBlobs removed, Tally tally) {
        this.ends = ends;
        this.request = request;
        this.roots = roots;
        this.lanes = lanes;
        this.removed = removed;
        this.tally = tally;
        this.manifests = new Manifests(ends.backup(), ends.layout(), lanes, removed);
    }

    /**
     * The plan.
     *
     * @throws UnknownScopeException if the backup has nothing of the scope
     */
    ScopedPlan plan() {
        Collection<Roots> found = roots.read(manifests, tally::found);
        Set<Digest> images =
                found.stream().flatMap(each -> each.revisions().stream()).collect(Collectors.toSet());
        Map<Digest, Reading> read = manifests.closure(images);
        Map<Digest, Held> held = held(wanted(read));
        if (found.isEmpty() && held.isEmpty()) {
            throw UnknownScopeException.of(request);
        }
        Wholeness wholeness =
                new Wholeness(read, held::containsKey, digest -> images.contains(digest) || isPushed(found, digest));
        SortedMap<Integer, List<LinkStep>> links = new TreeMap<>();
        boolean whole = true;
        for (Roots each : found) {
            whole &= report(each, wholeness);
            ImageLinks derived =
                    new ImageLinks(each, read, digest -> wholeness.of(digest).isWhole());
            needed(each, derived.steps(held::containsKey).toList())
                    .forEach(step -> links.computeIfAbsent(step.rank(), fresh -> new ArrayList<>())
                            .add(step));
        }
        return new ScopedPlan(blobs(held), links, read, whole);
    }

    private Set<Digest> wanted(Map<Digest, Reading> read) {
        if (request.scope() instanceof Scope.Blob blob) {
            return Set.of(blob.digest());
        }
        Set<Digest> wanted = new HashSet<>(read.keySet());
        read.values().forEach(reading -> reading.manifest().references().forEach(each -> wanted.add(each.digest())));
        return wanted;
    }

    /** What the backup has of these, in older versions where it shows none. */
    private Map<Digest, Held> held(Set<Digest> wanted) {
        Map<String, Held> visible = new Lookup(ends.backup(), lanes)
                .find(
                        ends.layout().blobsPrefix(),
                        wanted.stream().map(ends.layout()::blobKey).collect(Collectors.toSet()));
        Map<Digest, Held> held = new HashMap<>();
        for (Digest digest : wanted) {
            Optional.ofNullable(visible.get(ends.layout().blobKey(digest)))
                    .or(() -> removed.newestProved(digest))
                    .ifPresent(there -> held.put(digest, there));
        }
        return held;
    }

    /** Of one image the roots have itself alone, and not the children of an index that were pushed beside it. */
    private boolean isPushed(Collection<Roots> found, Digest manifest) {
        boolean isOneImage = request.scope() instanceof Scope.Image || request.scope() instanceof Scope.TaggedImage;
        return roots.links().isPushed(manifest)
                || (isOneImage
                        && found.stream().anyMatch(each -> isLinked(new RevisionLink(each.repository(), manifest))));
    }

    private boolean isLinked(RevisionLink path) {
        try (Stream<ListedLink> links = roots.links().under(ends.layout().keyOf(path))) {
            return links.findAny().isPresent();
        }
    }

    /** Says what images lack; whether they lack nothing. */
    private boolean report(Roots roots, Wholeness wholeness) {
        boolean whole = true;
        for (Digest image : roots.revisions()) {
            tally.image();
            Wholeness.Lacks lacks = wholeness.of(image);
            whole &= lacks.isWhole();
            String name = roots.repository() + "@" + image;
            lacks.missing()
                    .forEach(digest -> tally.found(new Finding(
                            FindingCode.BLOB_MISSING,
                            name,
                            "left out, since the backup lacks %s or has it damaged".formatted(digest))));
            lacks.sparse()
                    .forEach(digest -> tally.found(new Finding(
                            FindingCode.INDEX_SPARSE, name, "lacks %s, as an index may".formatted(digest))));
        }
        return whole;
    }

    private List<BlobStep> blobs(Map<Digest, Held> held) {
        Map<String, Held> inTarget = new Lookup(ends.target(), lanes)
                .find(
                        ends.targetLayout().blobsPrefix(),
                        held.keySet().stream()
                                .map(digest -> ends.targetKey(new BlobData(digest)))
                                .collect(Collectors.toSet()));
        List<BlobStep> steps = new ArrayList<>();
        held.forEach((digest, there) -> {
            BlobStep step = new BlobStep(
                    digest, there, Optional.ofNullable(inTarget.get(ends.targetKey(new BlobData(digest)))));
            if (tally.count(step, request.mode())) {
                steps.add(step);
            }
        });
        return steps;
    }

    private List<LinkStep> needed(Roots roots, List<LinkStep> steps) {
        LinksInTarget target = new LinksInTarget(ends, request, tally::found);
        Map<String, Held> there = new Lookup(ends.target(), lanes)
                .find(
                        new Scope.Repository(roots.repository()).linkPrefix(ends.targetLayout()),
                        steps.stream().map(step -> ends.targetKey(step.path())).collect(Collectors.toSet()));
        return steps.stream()
                .filter(step -> tally.countLink(
                        step.bytes(),
                        target.needs(
                                step.path(),
                                step.target(),
                                Optional.ofNullable(there.get(ends.targetKey(step.path()))))))
                .toList();
    }
}
