package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.replication.SourceMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links that the registry had at a time, from the versions in the backup. Selects for each link the version that
 * the registry wrote last before then, according to the copy's metadata, so late or repeated copies do not mislead. If
 * the link is recorded as missing at the time, it selects only a version written after it was first found missing: the
 * link was back, although no reconciliation had noticed yet. Selects a layer link if it ever existed, because it is
 * harmless if nothing needs it.
 *
 * <p>Limit: a tag that moved twice before its event arrived was copied once.
 *
 * @param registryStore the backup, which keeps versions
 * @param missingIntervals when links were missing from the registry
 */
public record PointInTimeLinks(
        RegistryStore registryStore, Instant at, MissingIntervals missingIntervals, WorkerPools workerPools)
        implements Links {
    /** The longest assumed delay of a copy; the registry's time of a more recent version is requested. */
    private static final Duration MAX_COPY_DELAY = Duration.ofMinutes(15);

    private static final int CONCURRENCY = 256;

    /** A version and when the registry wrote it, if known. */
    private record DatedVersion(ObjectVersion version, Optional<Instant> registryTime) {
        Instant time() {
            return registryTime.orElse(version.lastModified());
        }
    }

    /** The versions of one link, newest first, and since when it was missing at the time, if it was. */
    private record LinkVersions(
            RegistryPath.Link path, List<ObjectVersion> newestFirst, Optional<Instant> absentSince) {}

    @Override
    public ObjectStore store() {
        return registryStore.store();
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted) {
        MissingIntervals.MissingIntervalCursor absent = missingIntervals.read();
        Stream<LinkVersions> candidates = ListedBlob.versionsByKey(store().listVersions(prefix))
                .flatMap(group -> candidate(group, wanted, absent).stream());
        return Batches.of(candidates, CONCURRENCY).flatMap(this::select);
    }

    private Optional<LinkVersions> candidate(
            List<ObjectVersion> newestFirst,
            Predicate<RegistryPath.Link> wanted,
            MissingIntervals.MissingIntervalCursor absent) {
        String key = newestFirst.get(0).key();
        return registryStore.layout().parse(key) instanceof RegistryPath.Link path && wanted.test(path)
                ? Optional.of(new LinkVersions(path, newestFirst, absent.absentSince(key, at)))
                : Optional.empty();
    }

    /** In the order of the batch, with concurrent requests. */
    private Stream<ListedLink> select(List<LinkVersions> batch) {
        List<CompletableFuture<Optional<ListedLink>>> futures = batch.stream()
                .map(linkVersions -> workerPools.submitSmall(() -> select(linkVersions)))
                .toList();
        return futures.stream().flatMap(link -> WorkerPools.join(link).stream());
    }

    private Optional<ListedLink> select(LinkVersions linkVersions) {
        boolean isLayer = linkVersions.path().kind() == Kind.LAYER_LINK;
        Optional<DatedVersion> selected = isLayer
                ? linkVersions.newestFirst().stream()
                        .filter(version -> !version.isDeleteMarker())
                        .findFirst()
                        .map(version -> new DatedVersion(version, Optional.empty()))
                : versionAt(linkVersions);
        return selected.map(dated -> new ListedLink(
                dated.version().key(),
                linkVersions.path(),
                ObjectRef.of(dated.version()),
                dated.time(),
                !isLayer && dated.registryTime().isEmpty()));
    }

    /**
     * Versions copied long before the time need no request: the newest of them was current then, unless a later copy is
     * older.
     */
    private Optional<DatedVersion> versionAt(LinkVersions linkVersions) {
        Instant certain = linkVersions.absentSince().orElse(at.minus(MAX_COPY_DELAY));
        List<DatedVersion> candidates = new ArrayList<>();
        for (ObjectVersion version : linkVersions.newestFirst()) {
            boolean old = !version.lastModified().isAfter(certain);
            if (version.isDeleteMarker()) {
                if (!version.lastModified().isAfter(at)) {
                    break;
                }
            } else if (!old) {
                withRegistryTime(version)
                        .filter(datedVersion -> !datedVersion.time().isAfter(at))
                        .ifPresent(candidates::add);
            } else {
                candidates.add(
                        candidates.isEmpty()
                                ? new DatedVersion(version, Optional.of(version.lastModified()))
                                : withRegistryTime(version).orElse(new DatedVersion(version, Optional.empty())));
                break;
            }
        }
        return candidates.stream()
                .filter(datedVersion -> linkVersions
                        .absentSince()
                        .filter(from -> !datedVersion.time().isAfter(from))
                        .isEmpty())
                .max(Comparator.comparing(DatedVersion::time));
    }

    /** Empty if the version was deleted meanwhile. */
    private Optional<DatedVersion> withRegistryTime(ObjectVersion version) {
        return store().headVersion(version.key(), version.versionId())
                .map(info -> new DatedVersion(version, SourceMetadata.lastModified(info)));
    }
}
