package dev.registrybackup.reconcile.rclone;

import java.util.Collection;
import java.util.SortedSet;
import java.util.function.Consumer;

/** Compares the registry's store with the backup. Blocks; safe for use by several threads at a time. */
public interface Comparer {
    /** Compares a complete shard in both directions; the consumer receives each key as it comes, in the order of keys. */
    Comparison compare(Shard shard, Consumer<Difference> found);

    /** Compares only these keys of a shard, which the registry has or had; otherwise as {@link #compare}. */
    Comparison compareKeys(Shard shard, Collection<String> keys, Consumer<Difference> found);

    /**
     * The names directly below the prefix in either store; those of directories end in {@code /}.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if one of them cannot be listed
     */
    SortedSet<String> listNames(String prefix);

    /** Whether it can compare {@link Shard.CompareBy#CONTENT by content}, without reading objects. */
    boolean comparesContent();

    /** Whether it lists both stores in the order of keys, so that it need not hold the listing of a large shard in memory. */
    boolean listsInOrder();

    /** The name and version of the comparer, for the report. */
    String version();
}
