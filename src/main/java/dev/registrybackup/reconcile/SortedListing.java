package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a listing alongside sorted keys, one page in memory at a time. It only saves requests: if it cannot be read, it
 * returns no objects. For one thread.
 */
final class SortedListing implements AutoCloseable {
    private final Stream<ObjectInfo> listing;
    private Iterator<ObjectInfo> objects;
    private @Nullable ObjectInfo last;

    private SortedListing(Stream<ObjectInfo> listing) {
        this.listing = listing;
        this.objects = listing.iterator();
    }

    /** A listing of all objects below the prefix. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    static SortedListing of(ObjectStore store, String prefix) {
        try {
            return new SortedListing(store.list(prefix));
        } catch (ObjectStoreException e) {
            return empty();
        }
    }

    /** An empty listing. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // there is nothing to close
    static SortedListing empty() {
        return new SortedListing(Stream.empty());
    }

    /**
     * The object of this key; empty if the listing does not have it, or cannot be read.
     *
     * @param key a key that sorts after all keys of earlier calls
     */
    Optional<ObjectInfo> find(String key) {
        try {
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
        listing.close();
    }
}
