package dev.registrybackup.inventory;

import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Window;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of some keys a store holds. Lists, since a page tells of a thousand keys, but no more pages than there are keys to
 * ask for; what lies beyond them is asked for one by one. So the requests are at most twice what the better way takes.
 */
public final class Lookup {
    private static final int PAGE = 1000;
    private static final int AT_ONCE = 32;

    private final ObjectStore store;
    private final Lanes lanes;

    /** Looks there. */
    public Lookup(ObjectStore store, Lanes lanes) {
        this.store = store;
        this.lanes = lanes;
    }

    /**
     * What it holds of these.
     *
     * @param prefix what all of the keys start with
     * @throws dev.registrybackup.store.ObjectStoreException if that could not be told
     */
    public Map<String, Held> find(String prefix, Set<String> keys) {
        Map<String, Held> found = new HashMap<>();
        if (keys.isEmpty()) {
            return found;
        }
        String reached = "";
        try (Stream<ObjectInfo> listing = store.list(prefix)) {
            Iterator<ObjectInfo> objects = listing.iterator();
            for (long left = (long) keys.size() * PAGE; objects.hasNext(); left--) {
                if (left == 0) {
                    askForRest(keys, reached, found);
                    return found;
                }
                ObjectInfo info = objects.next();
                reached = info.key();
                if (keys.contains(reached)) {
                    found.put(reached, Held.of(info));
                }
            }
        }
        return found;
    }

    private void askForRest(Set<String> keys, String reached, Map<String, Held> found) {
        Window window = new Window(lanes, AT_ONCE);
        for (String key : keys) {
            if (key.compareTo(reached) > 0) {
                window.submit(0, () -> store.findBeforeWrite(key).ifPresent(info -> put(found, key, Held.of(info))));
            }
        }
        window.await();
    }

    private static void put(Map<String, Held> found, String key, Held held) {
        synchronized (found) {
            found.put(key, held);
        }
    }
}
