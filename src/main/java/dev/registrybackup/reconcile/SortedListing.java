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
 * A listing that goes along with keys in their order, in the memory of one page. Only saves requests: where it cannot be
 * read, it shows nothing. For one thread.
 */
final class SortedListing implements AutoCloseable {
    private final Stream<ObjectInfo> listing;
    private Iterator<ObjectInfo> objects;
    private @Nullable ObjectInfo last;

    private SortedListing(Stream<ObjectInfo> listing) {
        this.listing = listing;
        this.objects = listing.iterator();
    }

    /** One of all objects below the prefix. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    static SortedListing of(ObjectStore store, String prefix) {
        try {
            return new SortedListing(store.list(prefix));
        } catch (ObjectStoreException e) {
            return empty();
        }
    }

    /** One that shows nothing. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // there is nothing to close
    static SortedListing empty() {
        return new SortedListing(Stream.empty());
    }

    /**
     * The object of this key; empty if the listing does not have it, or cannot be read.
     *
     * @param key sorts after all keys asked for before
     */
    Optional<ObjectInfo> find(String key) {
        try {
            while ((last == null || last.key().compareTo(key) < 0) && objects.hasNext()) {
                last = objects.next();
            }
        } catch (ObjectStoreException e) {
            // Each object is asked for by itself then, and says why it cannot be read.
            objects = Stream.<ObjectInfo>empty().iterator();
        }
        return Optional.ofNullable(last).filter(object -> object.key().equals(key));
    }

    @Override
    public void close() {
        listing.close();
    }
}
