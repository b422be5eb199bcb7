package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Window;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Restores everything, in memory that does not grow with the registry: one pass over both stores' listings to count, then
 * one for blobs and one for each class of links that lacks any. For one thread.
 */
final class WholeRestore {
    private static final int AT_ONCE = 32;
    private static final List<Kind> ORDER =
            List.of(Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK);

    private final WholeWalk walk;
    private final RestoreRequest request;
    private final Links links;
    private final Lanes lanes;
    private final Map<Kind, Integer> needed = new EnumMap<>(Kind.class);

    /** Restores all of these links and every blob. */
    WholeRestore(WholeWalk walk, RestoreRequest request, Lanes lanes) {
        this.walk = walk;
        this.request = request;
        this.links = walk.links();
        this.lanes = lanes;
    }

    /** Counts what has to be done. */
    void plan(Tally tally) {
        walk.blobs((blob, there) -> tally.count(new BlobStep(blob.digest(), blob.held(), there), request.mode()));
        LinksInTarget target = new LinksInTarget(walk.ends(), request, tally::found);
        walk.links(path -> true, (link, there) -> {
            Kind kind = link.path().kind();
            if (kind == Kind.REVISION_LINK) {
                tally.image();
            }
            boolean isNeeded = needs(target, link, there);
            needed.merge(kind, isNeeded ? 1 : 0, Integer::sum);
            tally.countLink(link.size(), isNeeded);
        });
    }

    private boolean needs(LinksInTarget target, ListedLink link, Optional<ListedLink> there) {
        boolean same = there.filter(other ->
                        !other.etag().isEmpty() && other.etag().equals(link.etag()) && other.size() == link.size())
                .isPresent();
        if (there.isEmpty() || same) {
            return there.isEmpty();
        }
        return content(link, finding -> {})
                .filter(digest -> target.needs(link.path(), digest, there.map(ListedLink::held)))
                .isPresent();
    }

    private Optional<Digest> content(ListedLink link, Consumer<Finding> findings) {
        try {
            return Optional.of(links.target(link));
        } catch (MalformedLinkException e) {
            findings.accept(new Finding(FindingCode.LINK_MALFORMED, link.key(), e.getMessage() + ": left out"));
            return Optional.empty();
        }
    }

    /** Does it, and says whether all of it could be done. */
    boolean run(
            BlobRestoring blobs,
            BlobsInTarget inTarget,
            RevisionRestoring revisions,
            LinkWriting writing,
            Meter meter) {
        meter.phase("blobs");
        Window window = new Window(lanes, AT_ONCE);
        walk.blobs((blob, there) -> {
            inTarget.list(blob.digest());
            submit(window, blobs, blob, there);
        });
        window.await();
        for (Kind kind : ORDER) {
            if (needed.getOrDefault(kind, 0) > 0) {
                meter.phase(kind.label() + "s");
                write(kind, inTarget, revisions, writing, meter);
            }
        }
        return !blobs.hasFailures() && !revisions.hasWithheld();
    }

    private void submit(Window window, BlobRestoring blobs, ListedBlob blob, Optional<Held> there) {
        switch (BlobRestoring.need(request.mode(), blob.held(), there)) {
            case COPY, PROVE ->
                window.submit(blob.held().size(), () -> blobs.restore(blob.digest(), blob.held(), there));
            case NOTHING, DIFFERS -> {}
        }
    }

    private void write(Kind kind, BlobsInTarget blobs, RevisionRestoring revisions, LinkWriting writing, Meter meter) {
        LinksInTarget target = new LinksInTarget(walk.ends(), request, finding -> {});
        Window window = new Window(lanes, AT_ONCE);
        walk.links(path -> path.kind() == kind, (link, there) -> {
            if (needs(target, link, there)) {
                window.submit(0, () -> {
                    if (link.path() instanceof RevisionLink revision) {
                        revisions.restore(revision);
                    } else {
                        content(link, meter::found)
                                .filter(digest -> hasTarget(link.path(), digest, blobs, revisions))
                                .ifPresent(digest -> writing.write(link.path(), digest));
                    }
                });
            }
        });
        window.await();
    }

    /**
     * Whether the target has what the link points to. What a tag points to now is to be found by digest as well, whether or
     * not that link was lost; layers that live elsewhere and old entries of a tag's history are nothing that is missing.
     */
    private static boolean hasTarget(
            RegistryPath.Link link, Digest digest, BlobsInTarget blobs, RevisionRestoring revisions) {
        if (link.kind() == Kind.LAYER_LINK) {
            return blobs.has(digest);
        }
        RevisionLink revision = new RevisionLink(link.repository(), digest);
        return revisions.isInTarget(revision) || (link.kind() == Kind.TAG_CURRENT_LINK && revisions.restore(revision));
    }
}
