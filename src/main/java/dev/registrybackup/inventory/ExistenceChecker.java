package dev.registrybackup.inventory;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Finds out which of some keys a store has. Lists, because a page has 1,000 keys, but no more pages than there are
 * keys; checks the keys after those pages one by one. So it sends at most twice the requests of the better way.
 */
public record ExistenceChecker(ObjectStore store, WorkerPools workerPools) {
    private static final int PAGE_SIZE = 1000;
    private static final int CONCURRENCY = 32;

    /**
     * The existing ones of these keys, with their objects.
     *
     * @param prefix the common prefix of the keys
     * @throws dev.registrybackup.objectstore.ObjectStoreException if the store did not answer
     */
    public Map<String, ObjectRef> findExisting(String prefix, Set<String> keys) {
        Map<String, ObjectRef> found = new ConcurrentHashMap<>();
        if (keys.isEmpty()) {
            return found;
        }
        String reached = "";
        try (Stream<ObjectInfo> listing = store.list(prefix)) {
            Iterator<ObjectInfo> objects = listing.iterator();
            for (long left = (long) keys.size() * PAGE_SIZE; objects.hasNext(); left--) {
                if (left == 0) {
                    headRemaining(keys, reached, found);
                    return found;
                }
                ObjectInfo info = objects.next();
                reached = info.key();
                if (keys.contains(reached)) {
                    found.put(reached, ObjectRef.of(info));
                }
            }
        }
        return found;
    }

    private void headRemaining(Set<String> keys, String reached, Map<String, ObjectRef> found) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (String key : keys) {
            if (key.compareTo(reached) > 0) {
                boundedTaskGroup.submit(
                        0, () -> store.headBeforeWrite(key).ifPresent(info -> found.put(key, ObjectRef.of(info))));
            }
        }
        boundedTaskGroup.await();
    }
}
