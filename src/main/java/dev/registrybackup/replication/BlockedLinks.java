package dev.registrybackup.replication;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Links that wait for a dependency. A <i>partial</i> link is published although a dependency is missing in the registry
 * itself. A <i>blocked</i> link is not published because a dependency is corrupt.
 *
 * <p>Each link and dependency is one record in the backup bucket. Its key contains everything that a listing needs:
 * {@code registry-backup/partial/<algorithm>/<hex of the dependency>/<key of the link>}. An index in memory holds at
 * most 20,000 records; {@link #refresh} adds those of other instances. Records beyond the limit are listed when their
 * dependency is copied, and by each reconciliation. Safe for use by many threads; methods that write or list block.
 */
public final class BlockedLinks {
    /** What was done with a link that waits. */
    public enum LinkState {
        /** Published, although a dependency is missing in the registry. */
        PARTIAL("partial/"),
        /** Not published, because a dependency is corrupt. */
        BLOCKED("blocked/");

        private final String prefix;

        LinkState(String prefix) {
            this.prefix = RegistryLayout.METADATA_PREFIX + prefix;
        }

        /** The prefix of these records in the backup bucket. */
        public String prefix() {
            return prefix;
        }
    }

    /**
     * One reason why a link waits.
     *
     * @param state whether the link is published
     * @param dependency the blob or manifest it waits for
     * @param problem what is wrong with the dependency, for a human
     */
    public record BlockCause(LinkState state, Digest dependency, String problem) {}

    private static final int MAX_LISTED = 10_000;
    private static final int MAX_ENTRIES = LinkState.values().length * MAX_LISTED;
    private static final int MAX_RETRIED = 1_000;

    private final ObjectStore backup;
    private final MetadataStore metadataStore;
    private final Clock clock;
    /** Guarded by this, as are all fields below: the keys of the records in memory. */
    private final NavigableSet<String> records = new TreeSet<>();
    /** The same keys by the link that waits. */
    private final Map<String, Set<String>> recordsByLink = new HashMap<>();

    private boolean isPartial;

    /** Creates an empty index of the records in this bucket. */
    public BlockedLinks(ObjectStore backup, Clock clock) {
        this.backup = backup;
        this.metadataStore = new MetadataStore(backup);
        this.clock = clock;
    }

    /**
     * Replaces the causes on record for this link. If there are none, the link no longer waits.
     *
     * @throws ObjectStoreException if a record could not be written or deleted
     */
    public void update(String link, Set<BlockCause> causes) {
        Set<String> wanted = new HashSet<>();
        Set<String> knownBefore = knownRecords(link);
        for (BlockCause blockCause : causes) {
            String key = prefix(blockCause.state(), blockCause.dependency()) + link;
            wanted.add(key);
            if (!knownBefore.contains(key)) {
                metadataStore.putIfMissing(key, toJson(link, blockCause));
                add(key);
                trim();
            }
        }
        for (String old : knownBefore) {
            if (!wanted.contains(old)) {
                metadataStore.delete(old);
                remove(old);
            }
        }
    }

    /** The keys of the links that wait for this dependency, as far as they are in memory. */
    public synchronized Set<String> linksWaitingFor(Digest dependency) {
        return Arrays.stream(LinkState.values())
                .flatMap(state -> recordsWithPrefix(prefix(state, dependency)).stream())
                .map(BlockedLinks::linkOf)
                .collect(Collectors.toSet());
    }

    /** The dependencies that links wait for, as far as they are in memory. */
    public synchronized Set<Digest> dependencies() {
        return records.stream().flatMap(key -> parseDependency(key).stream()).collect(Collectors.toSet());
    }

    /** Whether a record of this link is in memory. */
    public synchronized boolean isWaiting(String link) {
        return recordsByLink.containsKey(link);
    }

    /** Whether the bucket may contain records that the index does not, because of its limit. */
    public synchronized boolean isPartial() {
        return isPartial;
    }

    /**
     * Lists the links that wait for this dependency and adds them to the index, so that {@link #update} deletes their
     * outdated records. Adds at most {@value #MAX_RETRIED} links per state, since the caller retries them all at once.
     *
     * @throws ObjectStoreException if they could not be listed
     */
    public void addToIndex(Digest dependency) {
        for (LinkState state : LinkState.values()) {
            try (Stream<ObjectInfo> listing = backup.list(prefix(state, dependency))) {
                listing.limit(MAX_RETRIED).map(ObjectInfo::key).forEach(this::add);
            }
        }
    }

    /**
     * Passes every link on record to the action, {@value #MAX_RETRIED} records at a time. Their records are in the
     * index during the call, so that {@link #update} deletes the outdated ones.
     *
     * @param action replicates each link, and returns when all are finished
     * @throws ObjectStoreException if they could not be listed
     */
    public void forEach(Consumer<Set<String>> action) {
        for (LinkState state : LinkState.values()) {
            try (Stream<ObjectInfo> listing = backup.list(state.prefix())) {
                Iterator<String> keys = listing.map(ObjectInfo::key)
                        .filter(key -> parseDependency(key).isPresent())
                        .iterator();
                while (keys.hasNext()) {
                    Set<String> links = new TreeSet<>();
                    for (int count = 0; count < MAX_RETRIED && keys.hasNext(); count++) {
                        String key = keys.next();
                        add(key);
                        links.add(linkOf(key));
                    }
                    action.accept(links);
                    trim();
                }
            }
        }
    }

    /**
     * Updates the index with what other instances wrote or deleted. Records written here during the call stay in it; one
     * that was deleted here may return until the next call, which only costs requests.
     *
     * @throws ObjectStoreException if the records could not be listed
     */
    public void refresh() {
        boolean isTruncated = false;
        for (LinkState state : LinkState.values()) {
            Set<String> gone = recordsWithPrefix(state.prefix());
            List<String> listed;
            try (Stream<ObjectInfo> listing = backup.list(state.prefix())) {
                listed = listing.limit(MAX_LISTED + 1L).map(ObjectInfo::key).toList();
            }
            if (listed.size() > MAX_LISTED) {
                isTruncated = true;
                // The listing does not show which later records still exist.
                String last = listed.get(MAX_LISTED);
                gone.removeIf(key -> key.compareTo(last) >= 0);
            }
            listed.forEach(gone::remove);
            gone.forEach(this::remove);
            listed.forEach(this::add);
        }
        endRefresh(isTruncated);
    }

    private synchronized void endRefresh(boolean isTruncated) {
        isPartial = isTruncated;
        trim();
    }

    private synchronized Set<String> recordsWithPrefix(String prefix) {
        return new HashSet<>(records.subSet(prefix, prefix + Character.MAX_VALUE));
    }

    private synchronized Set<String> knownRecords(String link) {
        return Set.copyOf(recordsByLink.getOrDefault(link, Set.of()));
    }

    private synchronized void add(String key) {
        if (parseDependency(key).isPresent() && records.add(key)) {
            recordsByLink.computeIfAbsent(linkOf(key), link -> new HashSet<>()).add(key);
        }
    }

    private synchronized void remove(String key) {
        if (records.remove(key)) {
            Set<String> ofLink = recordsByLink.getOrDefault(linkOf(key), Set.of());
            ofLink.remove(key);
            if (ofLink.isEmpty()) {
                recordsByLink.remove(linkOf(key));
            }
        }
    }

    /** Removes records from the index until it is within its limit. */
    private synchronized void trim() {
        while (records.size() > MAX_ENTRIES) {
            isPartial = true;
            remove(records.last());
        }
    }

    private static String prefix(LinkState state, Digest dependency) {
        return state.prefix() + dependency.algorithm().label() + "/" + dependency.hex() + "/";
    }

    /** Splits {@code registry-backup/<state>/<algorithm>/<hex>/<link>} into its five segments. */
    private static String[] splitKey(String key) {
        return key.split("/", 5);
    }

    private static String linkOf(String key) {
        return splitKey(key)[4];
    }

    /** The dependency that a record is about; empty if the key is not that of a record. */
    private static Optional<Digest> parseDependency(String key) {
        String[] segments = splitKey(key);
        return segments.length < 5 ? Optional.empty() : Digest.tryParse(segments[2] + ":" + segments[3]);
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
