package dev.registrybackup.reconcile.rclone;

import java.util.Collection;
import java.util.SortedSet;
import java.util.function.Consumer;

/** Says in what the registry's store and the backup differ. Blocks; one thread at a time. */
public interface Comparer {
    /** Compares a part in full, in both directions; the consumer is told of each key as it comes. */
    Comparison compare(Shard shard, Consumer<Difference> found);

    /** Compares these keys of a part only, which the registry has or had. */
    Comparison compareKeys(Shard shard, Collection<String> keys, Consumer<Difference> found);

    /**
     * The names of the directories directly below the prefix in either store, without slashes.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if one of them could not be listed
     */
    SortedSet<String> listDirectories(String prefix);

    /** What it is, for the report. */
    String version();
}
