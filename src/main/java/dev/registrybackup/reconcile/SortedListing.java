package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds objects by a listing that is read alongside sorted keys, one page in memory at a time. It only saves requests: where
 * it would take more than one for each key, and if it cannot be read, it finds nothing. For one thread.
 */
final class SortedListing implements AutoCloseable {
    static final int KEYS_PER_REQUEST = 1_000;

    private final ObjectStore store;
    private final String prefix;
    private @Nullable Stream<ObjectInfo> listing;
    private Iterator<ObjectInfo> objects = Stream.<ObjectInfo>empty().iterator();
    private @Nullable ObjectInfo last;
    private long wanted;

    /** A listing of all objects below the prefix. Sends no request before the first one is wanted. */
    SortedListing(ObjectStore store, String prefix) {
        this.store = store;
        this.prefix = prefix;
    }

    /**
     * The object of this key; empty if the listing does not have it, or is not read that far.
     *
     * @param key a key that sorts after all keys of earlier calls
     * @param position about how many objects the listing has before it
     */
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    Optional<ObjectInfo> find(String key, long position) {
        wanted++;
        if (wanted <= position / KEYS_PER_REQUEST) {
            return Optional.empty();
        }
        try {
            if (listing == null) {
                listing = store.list(prefix);
                objects = listing.iterator();
            }
            while ((last == null || last.key().compareTo(key) < 0) && objects.hasNext()) {
                last = objects.next();
            }
        } catch (ObjectStoreException e) {
            // Each object is then requested separately, and its own failure is reported.
            objects = Stream.<ObjectInfo>empty().iterator();
        }
        return Optional.ofNullable(last).filter(object -> object.key().equals(key));
    }

    @Override
    public void close() {
        if (listing != null) {
            listing.close();
        }
    }
}
