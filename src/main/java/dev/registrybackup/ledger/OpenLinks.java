package dev.registrybackup.ledger;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Links that wait for something: <i>incomplete</i> ones, published although the registry itself lacks a part, and
 * <i>withheld</i> ones, not published since a part is corrupt. A record's key says it all, {@code
 * registry-backup/incomplete/<algorithm>/<hex of the part>/<key of the link>}, so that a listing tells who waits for what.
 * Known in memory up to a bound, and from a listing once a minute what other instances recorded. Safe for use by many
 * threads; methods that write block.
 */
public final class OpenLinks {
    /** Why a link waits. */
    public enum Waiting {
        INCOMPLETE("incomplete/"),
        WITHHELD("withheld/");

        private final String prefix;

        Waiting(String prefix) {
            this.prefix = RegistryLayout.BOOKKEEPING_PREFIX + prefix;
        }

        /** Where such records lie. */
        public String prefix() {
            return prefix;
        }
    }

    /**
     * One reason for a link to wait.
     *
     * @param why what became of the link
     * @param part what it waits for
     * @param problem for a human
     */
    public record Reason(Waiting why, Digest part, String problem) {}

    private static final int MOST_KNOWN = 10_000;

    private final ObjectStore backup;
    private final RecordObjects records;
    private final Clock clock;
    /** Guarded by this: record keys by the link that waits. */
    private final Map<String, Set<String>> byLink = new HashMap<>();
    /** Guarded by this: links by the part they wait for. */
    private final Map<Digest, Set<String>> byPart = new HashMap<>();

    /** Guarded by this: records removed since the last refresh began, whose listing may still show them. */
    private final Set<String> removedSince = new HashSet<>();

    /** The waiting links of that bucket. */
    public OpenLinks(ObjectStore backup, Clock clock) {
        this.backup = backup;
        this.records = new RecordObjects(backup);
        this.clock = clock;
    }

    /**
     * Records for what the link waits now, and removes what it waited for before. Without any reason left it waits no more.
     *
     * @throws ObjectStoreException if that could not be written
     */
    public void update(String link, Set<Reason> reasons) {
        Set<String> wanted = new HashSet<>();
        Set<String> known = known(link);
        for (Reason reason : reasons) {
            String key = key(reason, link);
            wanted.add(key);
            if (!known.contains(key)) {
                records.writeOnce(key, json(link, reason));
                relearn(key);
            }
        }
        for (String old : known) {
            if (!wanted.contains(old)) {
                records.remove(old);
                unlearn(old);
            }
        }
    }

    /** The links known to wait for that part. */
    public synchronized Set<String> waitingFor(Digest part) {
        return Set.copyOf(byPart.getOrDefault(part, Set.of()));
    }

    /** The parts that links are known to wait for. */
    public synchronized Set<Digest> parts() {
        return Set.copyOf(byPart.keySet());
    }

    /** Whether the link is known to wait for anything. */
    public synchronized boolean isWaiting(String link) {
        return byLink.containsKey(link);
    }

    /** Learns what other instances have recorded or removed since; what was recorded here meanwhile stays known. */
    public void refresh() {
        Set<String> before = beginRefresh();
        Set<String> there = new TreeSet<>();
        for (Waiting why : Waiting.values()) {
            try (Stream<ObjectInfo> listing = backup.list(why.prefix())) {
                listing.limit(MOST_KNOWN).map(ObjectInfo::key).forEach(there::add);
            }
        }
        before.stream().filter(key -> !there.contains(key)).forEach(this::unlearn);
        there.forEach(this::learnUnlessRemoved);
    }

    private synchronized Set<String> beginRefresh() {
        removedSince.clear();
        return byLink.values().stream().flatMap(Set::stream).collect(Collectors.toSet());
    }

    private synchronized Set<String> known(String link) {
        return Set.copyOf(byLink.getOrDefault(link, Set.of()));
    }

    private synchronized void learn(String key) {
        part(key).ifPresent(part -> {
            if (byPart.size() < MOST_KNOWN) {
                byLink.computeIfAbsent(link(key), fresh -> new HashSet<>()).add(key);
                byPart.computeIfAbsent(part, fresh -> new HashSet<>()).add(link(key));
            }
        });
    }

    private synchronized void relearn(String key) {
        removedSince.remove(key);
        learn(key);
    }

    private synchronized void learnUnlessRemoved(String key) {
        if (!removedSince.contains(key)) {
            learn(key);
        }
    }

    private synchronized void unlearn(String key) {
        removedSince.add(key);
        byLink.computeIfPresent(link(key), (link, keys) -> keys.remove(key) && keys.isEmpty() ? null : keys);
        part(key)
                .ifPresent(part -> byPart.computeIfPresent(
                        part, (digest, links) -> links.remove(link(key)) && links.isEmpty() ? null : links));
    }

    private static String key(Reason reason, String link) {
        Digest part = reason.part();
        return reason.why().prefix() + part.algorithm().label() + "/" + part.hex() + "/" + link;
    }

    /** {@code registry-backup/<why>/<algorithm>/<hex>/<link>}, cut into its five pieces. */
    private static String[] pieces(String key) {
        return key.split("/", 5);
    }

    private static String link(String key) {
        return pieces(key)[4];
    }

    /** Empty for an object that is no record of ours. */
    private static Optional<Digest> part(String key) {
        String[] pieces = pieces(key);
        try {
            return pieces.length < 5 ? Optional.empty() : Optional.of(Digest.parse(pieces[2] + ":" + pieces[3]));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private String json(String link, Reason reason) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("recorded", clock.instant().toString())
                .put("link", link)
                .put("part", reason.part().toString())
                .put("problem", reason.problem())
                .toString();
    }
}
