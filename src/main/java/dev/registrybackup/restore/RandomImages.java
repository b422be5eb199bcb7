package dev.registrybackup.restore;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Randomly chosen images of a backup, by their revision links. An image pushed just now is chosen twice as often as one
 * pushed a day ago, and 31 times as often as one pushed a month ago.
 *
 * @param chosen their revision links, sorted by key
 * @param listedLinks how many links the backup has
 */
record RandomImages(RegistryStore backup, List<ListedLink> chosen, long listedLinks) implements Links {
    private static final double SECONDS_A_DAY = Duration.ofDays(1).toSeconds();

    /** An image of the listing and its random arrival time; the earliest arrivals are chosen. */
    private record Arrival(ListedLink link, double at) {}

    /**
     * Chooses from the whole backup in one listing, with only the chosen images in memory. Each image arrives after a
     * random time, exponentially distributed with its weight as rate; the earliest arrivals are the sample (Efraimidis
     * and Spirakis, "Weighted random sampling with a reservoir").
     */
    static RandomImages choose(RegistryStore backup, int images, Instant now, RandomGenerator random) {
        PriorityQueue<Arrival> first =
                new PriorityQueue<>(Comparator.comparingDouble(Arrival::at).reversed());
        long links = 0;
        try (Stream<ListedLink> listing =
                new CurrentLinks(backup).list(backup.layout().repositoriesPrefix())) {
            for (ListedLink link : (Iterable<ListedLink>) listing::iterator) {
                links++;
                if (link.path().kind() == Kind.REVISION_LINK) {
                    double days =
                            Math.max(0, Duration.between(link.writtenAt(), now).toSeconds()) / SECONDS_A_DAY;
                    first.add(new Arrival(link, -Math.log(1 - random.nextDouble()) * (1 + days)));
                    if (first.size() > images) {
                        first.remove();
                    }
                }
            }
        }
        return new RandomImages(
                backup,
                first.stream()
                        .map(Arrival::link)
                        .sorted(Comparator.comparing(ListedLink::key))
                        .toList(),
                links);
    }

    @Override
    @MustBeClosed
    public Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted) {
        return chosen.stream().filter(link -> link.key().startsWith(prefix) && wanted.test(link.path()));
    }

    @Override
    public ObjectStore store() {
        return backup.store();
    }

    /** Whether a missing manifest is a sparse child: an index may be without a child only if it was never pushed. */
    @Override
    public boolean isPushed(Digest manifest) {
        return chosen.stream()
                .map(link -> link.path().repository())
                .distinct()
                .anyMatch(repository -> backup.store()
                        .headBeforeWrite(backup.key(new RevisionLink(repository, manifest)))
                        .isPresent());
    }
}
