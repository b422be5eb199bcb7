package dev.registrybackup.restore;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map of bounded size, which evicts the oldest entry for a new one. */
final class BoundedMap<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;
    private static final int MAX_ENTRIES = 100_000;

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MAX_ENTRIES;
    }
}
