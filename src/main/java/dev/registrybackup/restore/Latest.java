package dev.registrybackup.restore;

import java.util.LinkedHashMap;
import java.util.Map;

/** What was learned last, so much of it. What is forgotten is asked for or done again, which changes nothing. */
final class Latest<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;
    private static final int MOST = 100_000;

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MOST;
    }
}
