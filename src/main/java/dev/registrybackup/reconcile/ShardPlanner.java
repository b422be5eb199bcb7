package dev.registrybackup.reconcile;

import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.stream.Stream;

/**
 * Divides the keys of both stores into shards, in key order. The keys of a shard that differ are kept in memory, so its
 * size is bounded. Each shard takes two runs of rclone, so a small registry has only three. Small shards are compared at
 * once, in groups that have no more keys than one shard may have.
 */
final class ShardPlanner {
    private static final int BLOB_SHARDS = 256;

    /** Each is listed by two processes of rclone, which take up to 80 MiB each. */
    private static final int MAX_SHARDS_AT_ONCE = 4;

    /** How many links to search for one whose ETag shows whether the store's ETags are MD5 hashes. */
    private static final int ETAG_SAMPLE_SIZE = 1_000;

    private final StorePair storePair;
    private final Comparer comparer;
    private final long maxKeys;
    private final CompareBy compareLinksBy;

    /**
     * Plans shards of these stores.
     *
     * @param maxKeys about how many keys a shard may have
     * @param compareLinksBy how to compare links
     */
    ShardPlanner(StorePair storePair, Comparer comparer, long maxKeys, CompareBy compareLinksBy) {
        this.storePair = storePair;
        this.comparer = comparer;
        this.maxKeys = maxKeys;
        this.compareLinksBy = compareLinksBy;
    }

    /** How links of these stores can be compared: by content if the ETags of small objects are hashes in both. */
    static CompareBy linkComparison(StorePair storePair, Comparer comparer) {
        boolean areHashes = comparer.comparesContent()
                && areETagsMd5(storePair.registry(), storePair.layout())
                && areETagsMd5(storePair.backup(), storePair.layout());
        return areHashes ? CompareBy.CONTENT : CompareBy.SIZE;
    }

    /**
     * Whether the ETags of a store's small objects are MD5 hashes, as rclone expects, which they are not under KMS. Assumed
     * if there is no link, or the store has no ETags.
     */
    private static boolean areETagsMd5(ObjectStore store, RegistryLayout layout) {
        try (Stream<ObjectInfo> listing =
                store.list(layout.repositoriesPrefix()).limit(ETAG_SAMPLE_SIZE)) {
            for (ObjectInfo object : (Iterable<ObjectInfo>) listing::iterator) {
                if (!object.etag().isEmpty()
                        && layout.parse(object.key()) instanceof DigestLink link
                        && link.digest().algorithm() == DigestAlgorithm.SHA256) {
                    // A link of another size is malformed, and its ETag shows nothing.
                    return object.size() != LinkContent.of(link.digest()).length
                            || ObjectRef.of(object).provablyPointsTo(link.digest());
                }
            }
            return true;
        }
    }

    /**
     * All shards, in the order of their keys.
     *
     * @param before how many keys each shard had in the last run, which saves counting them now
     */
    List<Shard> plan(ShardSizes before) {
        List<Shard> shards = new ArrayList<>(blobShards());
        addLinks(storePair.layout().repositoriesPrefix(), before, shards);
        shards.add(otherShard());
        return shards;
    }

    /**
     * As {@link #plan}, with adjacent shards that may be compared at once in one group. A shard of unknown size is alone;
     * the rest, which is not counted, has at most the keys of all.
     */
    List<List<Shard>> planGroups(ShardSizes before) {
        List<List<Shard>> groups = new ArrayList<>();
        List<Shard> group = List.of();
        long groupKeys = maxKeys;
        for (Shard shard : plan(before)) {
            long keys = before.keysBelow(shard.prefix()).orElse(maxKeys);
            if (group.size() == MAX_SHARDS_AT_ONCE || groupKeys + keys > maxKeys) {
                group = new ArrayList<>();
                groups.add(group);
                groupKeys = 0;
            }
            group.add(shard);
            groupKeys += keys;
        }
        return groups;
    }

    /** Digests are evenly distributed, so one of the 256 directories shows the size of all. */
    private List<Shard> blobShards() {
        String prefix = storePair.layout().blobsPrefix();
        String sha256 = prefix + "sha256/";
        if (largerCount(sha256 + "00/", maxKeys / BLOB_SHARDS + 1) <= maxKeys / BLOB_SHARDS) {
            return List.of(new Shard(prefix, CompareBy.SIZE, List.of(), true));
        }
        List<Shard> shards = new ArrayList<>();
        for (int shard = 0; shard < BLOB_SHARDS; shard++) {
            shards.add(new Shard(
                    sha256 + HexFormat.of().toHexDigits((byte) shard) + "/", CompareBy.SIZE, List.of(), true));
        }
        // Other algorithms, and objects that are not blobs. rclone does not even list the excluded sha256.
        shards.add(new Shard(prefix, CompareBy.SIZE, List.of("/sha256/**"), false));
        return shards;
    }

    private void addLinks(String prefix, ShardSizes before, List<Shard> shards) {
        if (isRepositoryLeaf(prefix) || isSmall(prefix, before.keysBelow(prefix))) {
            shards.add(linkShard(prefix));
            return;
        }
        // In the order of keys, since the names of directories end in a slash.
        SortedSet<String> names = comparer.listNames(prefix);
        names.stream()
                .filter(name -> name.endsWith("/") && !name.equals("_uploads/"))
                .forEach(name -> addLinks(prefix + name, before, shards));
        if (names.stream().anyMatch(name -> !name.endsWith("/"))) {
            shards.add(new Shard(prefix, compareLinksBy, List.of("/*/**"), false));
        }
    }

    /** Counts only what is new or was near the bound, because counting takes as many requests as comparing. */
    private boolean isSmall(String prefix, OptionalLong before) {
        if (before.isPresent() && before.getAsLong() < maxKeys * 3 / 4) {
            return true;
        }
        boolean wasLarge = before.isPresent() && before.getAsLong() > maxKeys * 5 / 4;
        return !wasLarge && largerCount(prefix, maxKeys + 1) <= maxKeys;
    }

    /** These have only links below them. */
    private static boolean isRepositoryLeaf(String prefix) {
        return prefix.endsWith("/_layers/") || prefix.endsWith("/_manifests/");
    }

    private Shard linkShard(String prefix) {
        // With a filter, rclone would list each directory by itself.
        return new Shard(prefix, compareLinksBy, List.of(), true);
    }

    /** Everything except blobs and repositories, which rclone does not list for this shard. */
    private Shard otherShard() {
        RegistryLayout layout = storePair.layout();
        String root = layout.rootPrefix();
        List<String> leftOut = new ArrayList<>();
        leftOut.add("/" + layout.blobsPrefix().substring(root.length()) + "**");
        leftOut.add("/" + layout.repositoriesPrefix().substring(root.length()) + "**");
        if (root.isEmpty()) {
            leftOut.add("/" + RegistryLayout.METADATA_PREFIX + "**");
        }
        return new Shard(root, compareLinksBy, leftOut, false);
    }

    private long largerCount(String prefix, long limit) {
        return Math.max(count(storePair.registry(), prefix, limit), count(storePair.backup(), prefix, limit));
    }

    private static long count(ObjectStore store, String prefix, long limit) {
        try (Stream<ObjectInfo> listing = store.list(prefix)) {
            return listing.limit(limit).count();
        }
    }
}
