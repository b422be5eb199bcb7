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
 * Images of a backup chosen at random, by their revision links. One that was pushed just now is chosen twice as often as one
 * that was pushed a day before, and 31 times as often as one of a month before.
 *
 * @param backup the backup
 * @param chosen their revision links, sorted by key
 * @param listedLinks how many links the backup has
 */
record RandomImages(RegistryStore backup, List<ListedLink> chosen, long listedLinks) implements Links {
    private static final double SECONDS_A_DAY = Duration.ofDays(1).toSeconds();

    /** One image of the listing and the moment when it comes in, by which the first ones are chosen. */
    private record Arrival(ListedLink link, double at) {}

    /**
     * Chooses from the whole backup, in one listing and in memory for the chosen ones. Each image comes in after a random
     * time, exponentially distributed with its weight as rate; the first ones are the sample (Efraimidis and Spirakis,
     * "Weighted random sampling with a reservoir").
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

    /** Asked of a manifest that the backup lacks: an index may lack a child only if nobody pushed it beside the index. */
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
