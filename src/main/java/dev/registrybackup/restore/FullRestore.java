package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.restore.BlobRestorer.BlobAction;
import dev.registrybackup.restore.BlobRestorer.BlobStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Restores everything, or one index's share of it, in memory that does not grow with the registry: one pass over both stores' listings to count,
 * one for blobs, and one for links, batch by batch. A repository's layer links sort before its revision links, and these
 * before its tags, so each batch has what the next one needs. For one thread.
 */
final class FullRestore implements Restore.PlannedRestore {
    private static final List<Kind> WRITE_ORDER =
            List.of(Kind.LAYER_LINK, Kind.REVISION_LINK, Kind.TAG_INDEX_LINK, Kind.TAG_CURRENT_LINK);

    /** How many links are written at a time, 500 bytes of memory each. */
    private static final int BATCH_SIZE = 10_000;

    private final RestoreContext context;
    private final Links links;
    private final Optional<IndexedRestore> indexes;
    private final LinkRestorer linkRestorer;
    /** What the tags of a batch point to, by key, as far as the ETags in their listing show it. */
    private final Map<String, Digest> provableTargets = new HashMap<>();

    private Optional<ListedLink> lastTag = Optional.empty();
    private boolean isAnyLinkNeeded;
    /** Set by threads that write links, read once all are done. */
    private volatile boolean hasMoved;

    /**
     * Plans to restore these links of the backup and every blob, and counts the work.
     *
     * @param indexes the other indexes, if the work is divided
     */
    FullRestore(RestoreContext context, Links links, Optional<IndexedRestore> indexes) {
        this.context = context;
        this.links = links;
        this.indexes = indexes;
        this.linkRestorer = new LinkRestorer(context);
        forEachBlob(step -> context.counts().addBlob(step, context.request().mode()));
        forEachLink((link, inTarget) -> {
            if (link.path().kind() == Kind.REVISION_LINK) {
                context.counts().addImage();
            }
            boolean isNeeded = isWriteNeeded(link, inTarget, context.counts()::addFinding);
            isAnyLinkNeeded |= isNeeded;
            context.counts().addLink(link.objectRef().size(), isNeeded);
        });
    }

    private boolean isOwn(String name) {
        return context.operation().index().includes(name);
    }

    private void forEachBlob(Consumer<BlobStep> visit) {
        // For a restore as of a time, deleted blobs of the backup count too.
        try (Stream<ListedBlob> ours = context.request().at().isPresent()
                        ? ListedBlob.listAllVersions(context.backup())
                        : ListedBlob.listCurrent(context.backup());
                Stream<ListedBlob> theirs = ListedBlob.listCurrent(context.target())) {
            join(
                    ours.iterator(),
                    blob -> blob.digest().toString(),
                    theirs.iterator(),
                    blob -> blob.digest().toString(),
                    (blob, inTarget) -> {
                        if (isOwn(blob.digest().toString())) {
                            visit.accept(
                                    new BlobStep(blob.digest(), blob.objectRef(), inTarget.map(ListedBlob::objectRef)));
                        }
                    });
        }
    }

    private void forEachLink(BiConsumer<ListedLink, Optional<ListedLink>> visit) {
        int ourRoot = context.backup().layout().prefix().length();
        int theirRoot = context.target().layout().prefix().length();
        try (Stream<ListedLink> ours = links.list(context.backup().layout().repositoriesPrefix());
                Stream<ListedLink> theirs = new CurrentLinks(context.target())
                        .list(context.target().layout().repositoriesPrefix())) {
            join(
                    ours.iterator(),
                    link -> link.key().substring(ourRoot),
                    theirs.iterator(),
                    link -> link.key().substring(theirRoot),
                    (link, inTarget) -> {
                        if (isOwn(link.path().repository().value())) {
                            visit.accept(link, inTarget);
                        }
                    });
        }
    }

    /** Visits each left item with the right item of the same name, if any; both sides are sorted by name. */
    private static <L, R> void join(
            Iterator<L> left,
            Function<L, String> leftName,
            Iterator<R> right,
            Function<R, String> rightName,
            BiConsumer<L, Optional<R>> visit) {
        @Nullable R candidate = right.hasNext() ? right.next() : null;
        while (left.hasNext()) {
            L current = left.next();
            String name = leftName.apply(current);
            while (candidate != null && rightName.apply(candidate).compareTo(name) < 0) {
                candidate = right.hasNext() ? right.next() : null;
            }
            boolean isSame = candidate != null && rightName.apply(candidate).equals(name);
            visit.accept(current, isSame ? Optional.ofNullable(candidate) : Optional.empty());
        }
    }

    private boolean isWriteNeeded(ListedLink link, Optional<ListedLink> inTarget, Consumer<Finding> onConflict) {
        if (inTarget.isEmpty()) {
            return true;
        }
        ObjectRef ours = link.objectRef();
        ObjectRef theirs = inTarget.get().objectRef();
        boolean isSame = !theirs.etag().isEmpty() && theirs.etag().equals(ours.etag()) && theirs.size() == ours.size();
        if (isSame) {
            return false;
        }
        try {
            return readTarget(link, finding -> {})
                    .filter(digest -> linkRestorer.isWriteNeeded(link.path(), digest, Optional.of(theirs), onConflict))
                    .isPresent();
        } catch (ObjectStoreException e) {
            requireMoved(e);
            return true;
        }
    }

    /** Throws the exception unless it says that a tag moved since it was listed. */
    private static void requireMoved(ObjectStoreException e) {
        if (e.error() != StoreError.PRECONDITION_FAILED) {
            throw e;
        }
    }

    private Optional<Digest> readTarget(ListedLink link, Consumer<Finding> onMalformed) {
        Digest provable = provableTargets.get(link.key());
        if (provable != null) {
            return Optional.of(provable);
        }
        try {
            return links.findTarget(link);
        } catch (MalformedLinkException e) {
            onMalformed.accept(new Finding(FindingCode.LINK_MALFORMED, link.key(), e.getMessage() + ": left out"));
            return Optional.empty();
        }
    }

    @Override
    public boolean run() {
        context.operation().progress().phase("blobs");
        BlobRestorer blobs = new BlobRestorer(context);
        BoundedTaskGroup tasks = context.tasks();
        forEachBlob(step -> {
            if (indexes.isEmpty()) {
                blobs.addListed(step.digest());
            }
            BlobAction action = step.action(context.request().mode());
            if (action == BlobAction.COPY || action == BlobAction.VERIFY) {
                tasks.submit(step.inBackup().size(), () -> blobs.restore(step));
            }
        });
        tasks.await();
        indexes.ifPresent(others -> others.exchangeBlobs(blobs, context));
        ManifestRestorer manifests = new ManifestRestorer(context, blobs, linkRestorer);
        if (isAnyLinkNeeded) {
            context.operation().progress().phase("links");
            writeLinks(blobs, manifests);
        }
        return !blobs.hasFailures() && !manifests.hasBlocked() && !hasMoved;
    }

    private void writeLinks(BlobRestorer blobs, ManifestRestorer manifests) {
        List<ListedLink> batch = new ArrayList<>();
        forEachLink((link, inTarget) -> {
            findTagTarget(link);
            if (isWriteNeeded(link, inTarget, finding -> {})) {
                batch.add(link);
            }
            if (batch.size() == BATCH_SIZE) {
                writeAll(batch, blobs, manifests);
                batch.clear();
                provableTargets.clear();
            }
        });
        writeAll(batch, blobs, manifests);
    }

    /** A tag is listed right before its history, and points to an entry of it. */
    private void findTagTarget(ListedLink link) {
        if (link.path() instanceof TagCurrentLink) {
            lastTag = Optional.of(link);
        } else if (link.path() instanceof TagIndexLink entry) {
            lastTag.filter(tag -> tag.path().equals(entry.current()))
                    .filter(tag -> tag.provablyPointsTo(entry.digest()))
                    .ifPresent(tag -> provableTargets.put(tag.key(), entry.digest()));
        }
    }

    private void writeAll(List<ListedLink> batch, BlobRestorer blobs, ManifestRestorer manifests) {
        for (Kind kind : WRITE_ORDER) {
            BoundedTaskGroup tasks = context.tasks();
            batch.stream()
                    .filter(link -> link.path().kind() == kind)
                    .forEach(link -> tasks.submit(0, () -> write(link, blobs, manifests)));
            tasks.await();
        }
    }

    private void write(ListedLink link, BlobRestorer blobs, ManifestRestorer manifests) {
        if (link.path() instanceof RevisionLink revision) {
            manifests.restore(revision);
        } else {
            findTargetOrReport(link)
                    .filter(digest -> isInTarget(link.path(), digest, blobs, manifests))
                    .ifPresent(digest -> linkRestorer.write(link.path(), digest));
        }
    }

    /** The new image of a tag that moved may have layers whose links were listed before they existed: repeat it as a whole. */
    private Optional<Digest> findTargetOrReport(ListedLink link) {
        try {
            return readTarget(link, context.operation()::report);
        } catch (ObjectStoreException e) {
            requireMoved(e);
            hasMoved = true;
            context.operation()
                    .report(new Finding(
                            FindingCode.UNDETERMINED,
                            link.key(),
                            "it moved while it was restored, and was left out: repeat the restore"));
            return Optional.empty();
        }
    }

    /**
     * Whether the target has what the link points to. A tag's current image is restored by digest too, even if its
     * revision link was lost. Foreign layers and old entries of a tag's history do not count as missing.
     */
    private static boolean isInTarget(
            RegistryPath.Link link, Digest digest, BlobRestorer blobs, ManifestRestorer manifests) {
        if (link.kind() == Kind.LAYER_LINK) {
            return blobs.isInTarget(digest);
        }
        RevisionLink revision = new RevisionLink(link.repository(), digest);
        return manifests.isInTarget(revision) || (link.kind() == Kind.TAG_CURRENT_LINK && manifests.restore(revision));
    }
}
