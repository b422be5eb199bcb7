package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Links that wait for something: <i>incomplete</i> ones, published although the registry itself lacks a part, and
 * <i>withheld</i> ones, not published since a part is corrupt. A record's key says it all, {@code
 * registry-backup/partial/<algorithm>/<hex of the part>/<key of the link>}, so that a listing tells who waits for what.
 * Known in memory up to a bound, and from a listing once a minute what other instances recorded. What is beyond the bound is
 * listed when its part comes, and by each reconciliation. Safe for use by many threads; methods that write or list block.
 */
public final class BlockedLinks {
    /** Why a link waits. */
    public enum LinkState {
        PARTIAL("partial/"),
        BLOCKED("blocked/");

        private final String prefix;

        LinkState(String prefix) {
            this.prefix = RegistryLayout.METADATA_PREFIX + prefix;
        }

        /** Where such records lie. */
        public String prefix() {
            return prefix;
        }
    }

    /**
     * One reason for a link to wait.
     *
     * @param state what became of the link
     * @param dependency what it waits for
     * @param problem for a human
     */
    public record BlockCause(LinkState state, Digest dependency, String problem) {}

    private static final int MOST_LISTED = 10_000;
    private static final int MAX_ENTRIES = LinkState.values().length * MOST_LISTED;
    private static final int MOST_WOKEN = 1_000;

    private final ObjectStore backup;
    private final MetadataStore metadataStore;
    private final Clock clock;
    /** Guarded by this, as all below: record keys by the link that waits. */
    private final Map<String, Set<String>> recordsByLink = new HashMap<>();
    /** Record keys by the part that they are about. */
    private final Map<Digest, Set<String>> linksByDependency = new HashMap<>();

    /** Records removed since the last refresh began, whose listing may still show them. */
    private final Set<String> removedSinceRefresh = new HashSet<>();

    private int knownRecords;
    private boolean isPartial;

    /** The waiting links of that bucket. */
    public BlockedLinks(ObjectStore backup, Clock clock) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.clock = clock;
    }

    /**
     * Records for what the link waits now, and removes what it waited for before. Without any reason left it waits no more.
     *
     * @throws ObjectStoreException if that could not be written
     */
    public void update(String link, Set<BlockCause> reasons) {
        Set<String> wanted = new HashSet<>();
        Set<String> before = knownRecords(link);
        for (BlockCause blockCause : reasons) {
            String key = recordKey(blockCause, link);
            wanted.add(key);
            if (!before.contains(key)) {
                metadataStore.putIfMissing(key, toJson(link, blockCause));
                addWrittenToIndex(key);
            }
        }
        for (String old : before) {
            if (!wanted.contains(old)) {
                metadataStore.delete(old);
                removeFromIndex(old);
            }
        }
    }

    /** The links known to wait for that part. */
    public synchronized Set<String> linksWaitingFor(Digest part) {
        return linksByDependency.getOrDefault(part, Set.of()).stream()
                .map(BlockedLinks::linkOf)
                .collect(Collectors.toSet());
    }

    /** The parts that links are known to wait for. */
    public synchronized Set<Digest> dependencies() {
        return Set.copyOf(linksByDependency.keySet());
    }

    /** Whether the link is known to wait for anything. */
    public synchronized boolean isWaiting(String link) {
        return recordsByLink.containsKey(link);
    }

    /** Whether there may be records that are not known, since there are too many. */
    public synchronized boolean isPartial() {
        return isPartial;
    }

    /**
     * Learns which links wait for that part, so that {@link #update} takes what is over off the record. At most so many as
     * are sensibly tried again at once.
     *
     * @throws ObjectStoreException if they could not be listed
     */
    public void addToIndex(Digest part) {
        for (LinkState why : LinkState.values()) {
            try (Stream<ObjectInfo> listing = backup.list(prefix(why, part))) {
                listing.limit(MOST_WOKEN).map(ObjectInfo::key).forEach(this::add);
            }
        }
    }

    /**
     * Hands out every link on record, whether or not it was known, so many records at a time. What they wait for is known
     * meanwhile, so that {@link #update} takes what is over off the record.
     *
     * @param judge brings each link, and returns once that is done
     * @throws ObjectStoreException if they could not be listed
     */
    public void forEach(Consumer<Set<String>> judge) {
        for (LinkState why : LinkState.values()) {
            try (Stream<ObjectInfo> listing = backup.list(why.prefix())) {
                Iterator<String> keys = listing.map(ObjectInfo::key)
                        .filter(key -> parseDependency(key).isPresent())
                        .iterator();
                while (keys.hasNext()) {
                    Set<String> links = new TreeSet<>();
                    for (int count = 0; count < MOST_WOKEN && keys.hasNext(); count++) {
                        String key = keys.next();
                        add(key);
                        links.add(linkOf(key));
                    }
                    judge.accept(links);
                    trim();
                }
            }
        }
    }

    /** Learns what other instances have recorded or removed since; what was recorded here meanwhile stays known. */
    public void refresh() {
        Set<String> before = startRefresh();
        Set<String> there = new TreeSet<>();
        boolean isCut = false;
        for (LinkState why : LinkState.values()) {
            List<String> listed;
            try (Stream<ObjectInfo> listing = backup.list(why.prefix())) {
                listed = listing.limit(MOST_LISTED + 1L).map(ObjectInfo::key).toList();
            }
            if (listed.size() > MOST_LISTED) {
                isCut = true;
                // Of what comes later nothing is said.
                String last = listed.get(MOST_LISTED);
                before.removeIf(key -> key.startsWith(why.prefix()) && key.compareTo(last) >= 0);
            }
            there.addAll(listed);
        }
        before.stream().filter(key -> !there.contains(key)).forEach(this::removeFromIndex);
        endRefresh(there, isCut);
    }

    private synchronized Set<String> startRefresh() {
        removedSinceRefresh.clear();
        return recordsByLink.values().stream().flatMap(Set::stream).collect(Collectors.toCollection(HashSet::new));
    }

    private synchronized void endRefresh(Set<String> there, boolean isCut) {
        isPartial = isCut;
        there.stream().filter(key -> !removedSinceRefresh.contains(key)).forEach(this::add);
        trim();
    }

    private synchronized Set<String> knownRecords(String link) {
        return Set.copyOf(recordsByLink.getOrDefault(link, Set.of()));
    }

    private synchronized void add(String key) {
        parseDependency(key).ifPresent(part -> {
            if (recordsByLink
                    .computeIfAbsent(linkOf(key), fresh -> new HashSet<>())
                    .add(key)) {
                linksByDependency
                        .computeIfAbsent(part, fresh -> new HashSet<>())
                        .add(key);
                knownRecords++;
            }
        });
    }

    private synchronized void addWrittenToIndex(String key) {
        removedSinceRefresh.remove(key);
        if (knownRecords < MAX_ENTRIES) {
            add(key);
        } else {
            isPartial = true;
        }
    }

    private synchronized void removeFromIndex(String key) {
        removedSinceRefresh.add(key);
        drop(key);
    }

    private synchronized void drop(String key) {
        parseDependency(key)
                .filter(part -> remove(linksByDependency, part, key))
                .ifPresent(part -> {
                    remove(recordsByLink, linkOf(key), key);
                    knownRecords--;
                });
    }

    private static <K> boolean remove(Map<K, Set<String>> sets, K name, String key) {
        Set<String> keys = sets.getOrDefault(name, Set.of());
        boolean wasThere = keys.contains(key) && keys.remove(key);
        if (keys.isEmpty()) {
            sets.remove(name);
        }
        return wasThere;
    }

    /** Forgets whichever are too many. */
    private synchronized void trim() {
        while (knownRecords > MAX_ENTRIES) {
            isPartial = true;
            drop(recordsByLink.values().iterator().next().iterator().next());
        }
    }

    private static String recordKey(BlockCause blockCause, String link) {
        return prefix(blockCause.state(), blockCause.dependency()) + link;
    }

    private static String prefix(LinkState why, Digest part) {
        return why.prefix() + part.algorithm().label() + "/" + part.hex() + "/";
    }

    /** {@code registry-backup/<why>/<algorithm>/<hex>/<link>}, cut into its five pieces. */
    private static String[] splitKey(String key) {
        return key.split("/", 5);
    }

    private static String linkOf(String key) {
        return splitKey(key)[4];
    }

    /** Empty for an object that is no record of ours. */
    private static Optional<Digest> parseDependency(String key) {
        String[] pieces = splitKey(key);
        try {
            return pieces.length < 5 ? Optional.empty() : Optional.of(Digest.parse(pieces[2] + ":" + pieces[3]));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private String toJson(String link, BlockCause blockCause) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("recordedAt", clock.instant().toString())
                .put("link", link)
                .put("dependency", blockCause.dependency().toString())
                .put("problem", blockCause.problem())
                .toString();
    }
}
