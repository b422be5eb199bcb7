package dev.registrybackup.replicate;

import dev.registrybackup.content.Digest;
import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.ledger.OpenLinks.Reason;
import dev.registrybackup.ledger.OpenLinks.Waiting;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.BlobCopy;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.KeyedRuns;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Makes the backup have what the registry has under one key, children before parents. Order, number and delay of calls
 * change nothing in the result. Safe for use by many threads; holds none while it waits.
 */
public final class Replicator {
    private final RegistryLayout layout;
    private final Blobs blobs;
    private final Closures closures;
    private final DigestLinks digestLinks;
    private final TagLinks tagLinks;
    private final ForeignObjects foreign;
    private final OpenLinks openLinks;
    private final RecentlyDurable durable;
    private final Lanes lanes;
    private final BiConsumer<String, CompletableFuture<Outcome>> onWoken;
    private final KeyedRuns<Outcome> runs = new KeyedRuns<>();

    /** What a replicator works with. */
    public record Parts(
            RegistryLayout layout,
            ObjectStore registry,
            ObjectStore backup,
            Blobs blobs,
            ForeignObjects foreign,
            OpenLinks openLinks,
            RecentlyDurable durable,
            Lanes lanes) {}

    /**
     * Replicates from the registry into the backup.
     *
     * @param onWoken is told of each link that is tried again since what it waited for has come
     */
    public Replicator(Parts parts, BiConsumer<String, CompletableFuture<Outcome>> onWoken) {
        LinkObjects objects = new LinkObjects(parts.registry(), parts.backup());
        this.layout = parts.layout();
        this.blobs = parts.blobs();
        this.foreign = parts.foreign();
        this.openLinks = parts.openLinks();
        this.durable = parts.durable();
        this.lanes = parts.lanes();
        this.onWoken = onWoken;
        this.closures = new Closures(layout, parts.backup(), blobs, parts.lanes(), durable);
        this.digestLinks = new DigestLinks(layout, objects, openLinks, parts.lanes(), durable);
        this.tagLinks = new TagLinks(objects, openLinks, parts.lanes());
    }

    /**
     * Looks at the key in the registry and brings what the backup lacks of it, from a read that begins after this call.
     *
     * @return what became of it; fails with {@link dev.registrybackup.store.ObjectStoreException} where that may be
     *     different when tried again
     */
    public CompletableFuture<Outcome> replicate(String key) {
        RegistryPath path = layout.parse(key);
        return switch (path.kind()) {
            case UPLOAD, EXCLUDED -> CompletableFuture.completedFuture(Outcome.of(path.kind(), Verdict.PASSED_OVER));
            case FOREIGN -> runs.run(key, () -> foreign.replicate(key));
            case BLOB -> blob(((BlobData) path).digest());
            case LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                runs.run(
                        key, () -> link(key, path).handle((outcome, failure) -> judged(path.kind(), outcome, failure)));
        };
    }

    /** Tries links again whose missing part has come meanwhile, by whichever way; knows so from memory alone. */
    public void wakeWaiting() {
        for (Digest part : openLinks.parts()) {
            wake(part, link -> durable.contains(awaited(layout.parse(link), part)));
        }
    }

    /** A tag waits for the revision link of its repository and not for the manifest's blob alone. */
    private String awaited(RegistryPath link, Digest part) {
        return switch (link.kind()) {
            case TAG_INDEX_LINK, TAG_CURRENT_LINK ->
                layout.keyOf(new RevisionLink(((RegistryPath.Link) link).repository(), part));
            case LAYER_LINK, REVISION_LINK, BLOB, UPLOAD, FOREIGN, EXCLUDED -> layout.blobKey(part);
        };
    }

    private CompletableFuture<Outcome> blob(Digest digest) {
        return blobs.bring(digest).thenCompose(copy -> {
            Outcome outcome = new Outcome(Kind.BLOB, verdict(copy), Optional.of(digest), copy.bytes(), copy.problem());
            return copy.inBackup() ? waking(outcome, digest, link -> true) : CompletableFuture.completedFuture(outcome);
        });
    }

    private static Verdict verdict(BlobCopy copy) {
        return switch (copy.state()) {
            case COPIED -> Verdict.COPIED;
            case PRESENT -> Verdict.PRESENT;
            case ABSENT -> Verdict.GONE;
            case CORRUPT, ONLY_BACKUP_GOOD -> Verdict.CORRUPT;
        };
    }

    private CompletableFuture<Outcome> link(String key, RegistryPath path) {
        if (path instanceof LayerLink layer) {
            return digestLinks.replicate(layer, link -> closures.bringBlob(link.target()));
        } else if (path instanceof RevisionLink revision) {
            return digestLinks
                    .replicate(revision, link -> closures.bring(link.target()))
                    .thenCompose(outcome -> wakeTags(revision, outcome));
        } else if (path instanceof TagIndexLink tag) {
            return digestLinks.replicate(tag, link -> bringRevision(tag.repository(), link.target()));
        } else {
            TagCurrentLink tag = (TagCurrentLink) path;
            return tagLinks.replicate(key, link -> bringRevision(tag.repository(), link.target()));
        }
    }

    /** A tag points to a revision link of its repository, which is there before the tag is. */
    private CompletableFuture<Closure> bringRevision(RepositoryName repository, Digest digest) {
        String key = layout.keyOf(new RevisionLink(repository, digest));
        return replicate(key).thenCompose(revision -> {
            if (revision.verdict().isInBackup()) {
                return CompletableFuture.completedFuture(new Closure(Set.of(), revision.bytes()));
            }
            if (revision.verdict() == Verdict.GONE) {
                Closure dangling =
                        Closure.lacking(digest, "the registry's tag points to a revision link that it lacks");
                return closures.bring(digest).thenApply(dangling::plus);
            }
            return CompletableFuture.completedFuture(
                    new Closure(Set.of(new Reason(Waiting.WITHHELD, digest, revision.problem())), 0));
        });
    }

    private CompletableFuture<Outcome> wakeTags(RevisionLink revision, Outcome outcome) {
        return outcome.verdict() == Verdict.COPIED || outcome.verdict() == Verdict.INCOMPLETE
                ? waking(
                        outcome,
                        revision.digest(),
                        link -> layout.parse(link) instanceof RegistryPath.Link tag
                                && tag.repository().equals(revision.repository()))
                : CompletableFuture.completedFuture(outcome);
    }

    /** What waits for the part that has come is asked for where not all of that is known. */
    private CompletableFuture<Outcome> waking(Outcome outcome, Digest part, Predicate<String> which) {
        CompletableFuture<Boolean> isKnown = openLinks.isPartial()
                ? lanes.small(() -> {
                    openLinks.learn(part);
                    return true;
                })
                : CompletableFuture.completedFuture(true);
        return isKnown.thenApply(known -> {
            wake(part, which);
            return outcome;
        });
    }

    private void wake(Digest part, Predicate<String> which) {
        openLinks.waitingFor(part).stream().filter(which).forEach(link -> onWoken.accept(link, replicate(link)));
    }

    /** A malformed link is a verdict; every other failure may pass and stays one. */
    private static Outcome judged(Kind kind, Outcome outcome, Throwable failure) {
        if (failure == null) {
            return outcome;
        }
        Throwable cause = Lanes.cause(failure);
        if (cause instanceof MalformedLinkException malformed) {
            return new Outcome(kind, Verdict.MALFORMED, Optional.empty(), 0, String.valueOf(malformed.getMessage()));
        }
        throw cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause);
    }
}
