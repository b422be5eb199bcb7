package dev.registrybackup.restore;

import java.util.LinkedHashMap;
import java.util.Map;

/** A bounded set of the latest entries. Evicting one only costs a repeated request. */
final class Latest<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;
    private static final int MOST = 100_000;

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MOST;
    }
}
