package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.registry.RegistryLayout;
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
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links of a backup as the registry had them at a time, from the versions in the backup. Of each link that version
 * counts which the registry wrote last up to then, as the copy's metadata says; versions copied late or twice do not mislead.
 * Of one that is on record as absent at that time, only what the registry wrote since it was first seen absent counts: it
 * was back, although no reconciliation had noticed yet. A layer link counts if it ever was there, since it is needed by
 * whoever needs it and harmless otherwise.
 *
 * <p>What it cannot know: a tag that moved twice within the time an event takes to arrive was copied once.
 *
 * @param store the backup, which keeps versions
 * @param layout its grammar
 * @param at the time, UTC
 * @param missingIntervals what the registry is known not to have had meanwhile
 * @param workerPools where the store is asked
 */
public record PointInTimeLinks(
        ObjectStore store,
        RegistryLayout layout,
        Instant at,
        MissingIntervals missingIntervals,
        WorkerPools workerPools)
        implements Links {
    /** A copy is made at most so long after the registry wrote, or its time is asked for. */
    private static final Duration COPIED_WITHIN = Duration.ofMinutes(15);

    private static final int AT_ONCE = 256;

    /** A version, with the time at which the registry wrote it, if that is known. */
    private record Dated(ObjectVersion version, Optional<Instant> byRegistry) {
        Instant time() {
            return byRegistry.orElse(version.lastModified());
        }
    }

    /** The versions of one link, the newest first, and since when it is on record as absent at the time, if it is. */
    private record Candidate(RegistryPath.Link path, List<ObjectVersion> newestFirst, Optional<Instant> absentSince) {}

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<ListedLink> under(String prefix, Predicate<RegistryPath.Link> wanted) {
        MissingIntervals.Reading absent = missingIntervals.read();
        Stream<Candidate> candidates = VersionGroups.of(store.listVersions(prefix))
                .flatMap(group -> candidate(group, wanted, absent).stream());
        return Batches.of(candidates, AT_ONCE).flatMap(this::chosen);
    }

    private Optional<Candidate> candidate(
            List<ObjectVersion> newestFirst, Predicate<RegistryPath.Link> wanted, MissingIntervals.Reading absent) {
        String key = newestFirst.get(0).key();
        return layout.parse(key) instanceof RegistryPath.Link path && wanted.test(path)
                ? Optional.of(new Candidate(path, newestFirst, absent.absentSince(key, at)))
                : Optional.empty();
    }

    /** In the order of the batch, with the store asked about many at a time. */
    private Stream<ListedLink> chosen(List<Candidate> batch) {
        List<CompletableFuture<Optional<ListedLink>>> asked = batch.stream()
                .map(candidate -> workerPools.small(() -> chosen(candidate)))
                .toList();
        return asked.stream().flatMap(link -> answer(link).stream());
    }

    private static Optional<ListedLink> answer(CompletableFuture<Optional<ListedLink>> asked) {
        try {
            return asked.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private Optional<ListedLink> chosen(Candidate candidate) {
        return candidate.path().kind() == Kind.LAYER_LINK
                ? candidate.newestFirst().stream()
                        .filter(version -> !version.isDeleteMarker())
                        .findFirst()
                        .map(version -> listed(candidate.path(), new Dated(version, Optional.empty()), false))
                : asItWas(candidate)
                        .map(dated -> listed(
                                candidate.path(), dated, dated.byRegistry().isEmpty()));
    }

    private static ListedLink listed(RegistryPath.Link path, Dated dated, boolean isApproximate) {
        ObjectVersion version = dated.version();
        return new ListedLink(
                version.key(),
                path,
                version.size(),
                version.etag(),
                dated.time(),
                Optional.of(version.versionId()),
                isApproximate);
    }

    /** Versions copied long before the time need no look: the newest of them was true then, unless a later copy is older. */
    private Optional<Dated> asItWas(Candidate candidate) {
        Instant certain = candidate.absentSince().orElse(at.minus(COPIED_WITHIN));
        List<Dated> candidates = new ArrayList<>();
        for (ObjectVersion version : candidate.newestFirst()) {
            boolean old = !version.lastModified().isAfter(certain);
            if (version.isDeleteMarker()) {
                if (!version.lastModified().isAfter(at)) {
                    break;
                }
            } else if (!old) {
                dated(version).filter(dated -> !dated.time().isAfter(at)).ifPresent(candidates::add);
            } else {
                candidates.add(
                        candidates.isEmpty()
                                ? new Dated(version, Optional.of(version.lastModified()))
                                : dated(version).orElse(new Dated(version, Optional.empty())));
                break;
            }
        }
        return candidates.stream()
                .filter(dated -> candidate
                        .absentSince()
                        .filter(from -> !dated.time().isAfter(from))
                        .isEmpty())
                .max(Comparator.comparing(Dated::time));
    }

    /** Empty if the version is gone meanwhile. */
    private Optional<Dated> dated(ObjectVersion version) {
        return store.findVersion(version.key(), version.versionId())
                .map(info -> new Dated(version, SourceMetadata.lastModified(info)));
    }
}
