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
import java.util.SortedSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Divides the keys of both stores into shards, in key order. Each takes two processes of rclone. */
final class ShardPlanner {
    private static final int BLOB_DIRECTORIES = 256;

    /** Each is listed by two processes of rclone, which take up to 80 MiB each. */
    private static final int MAX_SHARDS_AT_ONCE = 4;

    /** How many groups of links each process should have, since their sizes differ. */
    private static final int LINK_GROUPS_PER_PROCESS = 4;

    /** A registry's uploads in progress. A pattern with ** or a slash at its end would make rclone list each directory. */
    private static final String UPLOADS = "{{_uploads/.*}}";

    /** How many links to search for one whose ETag shows whether the store's ETags are MD5 hashes. */
    private static final int ETAG_SAMPLE_SIZE = 1_000;

    private final RegistryLayout layout;
    private final Comparer comparer;
    private final CompareBy compareLinksBy;

    /** Plans shards of these stores. Looks whether the ETags of both can be compared. */
    ShardPlanner(StorePair storePair, Comparer comparer) {
        this.layout = storePair.layout();
        this.comparer = comparer;
        boolean areHashes = comparer.comparesContent()
                && areETagsMd5(storePair.registry(), layout)
                && areETagsMd5(storePair.backup(), layout);
        this.compareLinksBy = areHashes ? CompareBy.CONTENT : CompareBy.SIZE;
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
     * Groups of shards, in the order of keys. For one process it is one: all blobs, all links, and everything else. For several,
     * and where a listing is held in memory, blobs are divided by the beginning of their digest, links by namespace, or by
     * repository or its directories where there are few namespaces; then no group has both.
     *
     * @param processes how many processes share them
     */
    List<List<Shard>> plan(int processes) {
        return processes == 1 && comparer.listsInOrder() ? wholeStores() : divided(processes);
    }

    private List<List<Shard>> wholeStores() {
        return List.of(List.of(
                new Shard(layout.blobsPrefix(), CompareBy.SIZE, List.of(), true),
                linkShard(layout.repositoriesPrefix()),
                otherShard()));
    }

    private List<List<Shard>> divided(int processes) {
        List<Shard> links = List.of(linkShard(layout.repositoriesPrefix()));
        List<Shard> undivided = List.of();
        int enough = LINK_GROUPS_PER_PROCESS * MAX_SHARDS_AT_ONCE * processes;
        while (links.size() < enough && !links.equals(undivided)) {
            undivided = links;
            links = undivided.stream().flatMap(shard -> divide(shard).stream()).toList();
        }
        return Stream.of(blobShards(), links, List.of(otherShard()))
                .flatMap(ShardPlanner::groups)
                .toList();
    }

    private static Stream<List<Shard>> groups(List<Shard> shards) {
        return IntStream.range(0, (shards.size() + MAX_SHARDS_AT_ONCE - 1) / MAX_SHARDS_AT_ONCE)
                .mapToObj(group -> shards.subList(
                        group * MAX_SHARDS_AT_ONCE, Math.min((group + 1) * MAX_SHARDS_AT_ONCE, shards.size())));
    }

    private List<Shard> blobShards() {
        String sha256 = layout.blobsPrefix() + "sha256/";
        List<Shard> shards = new ArrayList<>();
        for (int directory = 0; directory < BLOB_DIRECTORIES; directory++) {
            shards.add(new Shard(
                    sha256 + HexFormat.of().toHexDigits((byte) directory) + "/", CompareBy.SIZE, List.of(), true));
        }
        // Other algorithms, and objects that are not blobs. rclone does not even list the excluded sha256.
        shards.add(new Shard(layout.blobsPrefix(), CompareBy.SIZE, List.of("/sha256/**"), false));
        return shards;
    }

    /** The directories of a shard of links, and what is beside them; itself if it has none. */
    private List<Shard> divide(Shard links) {
        String prefix = links.prefix();
        // These have only links below them.
        boolean isOfRepository = prefix.endsWith("/_layers/") || prefix.endsWith("/_manifests/");
        if (isOfRepository || !links.isFastList()) {
            return List.of(links);
        }
        // In the order of keys, since the names of directories end in a slash.
        SortedSet<String> names = comparer.listNames(prefix);
        List<Shard> shards = new ArrayList<>();
        names.stream()
                .filter(name -> name.endsWith("/") && !name.equals("_uploads/"))
                .map(name -> linkShard(prefix + name))
                .forEach(shards::add);
        if (shards.isEmpty()) {
            return List.of(links);
        }
        if (names.stream().anyMatch(name -> !name.endsWith("/"))) {
            shards.add(new Shard(prefix, compareLinksBy, List.of("/*/**"), false));
        }
        return shards;
    }

    /** Without uploads: rclone would ask for the hash of those written in parts, and fail if one is gone by then. */
    private Shard linkShard(String prefix) {
        return new Shard(prefix, compareLinksBy, List.of(UPLOADS), true);
    }

    /** Everything except blobs and repositories, which rclone does not list for this shard. */
    private Shard otherShard() {
        String root = layout.rootPrefix();
        List<String> leftOut = new ArrayList<>();
        leftOut.add("/" + layout.blobsPrefix().substring(root.length()) + "**");
        leftOut.add("/" + layout.repositoriesPrefix().substring(root.length()) + "**");
        if (root.isEmpty()) {
            leftOut.add("/" + RegistryLayout.METADATA_PREFIX + "**");
        }
        return new Shard(root, compareLinksBy, leftOut, false);
    }
}
