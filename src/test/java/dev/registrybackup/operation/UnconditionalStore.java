package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import java.util.Map;

/** Knows no conditional writes. */
final class UnconditionalStore extends ForwardingObjectStore {
    UnconditionalStore(ObjectStore below) {
        super(below);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        put(key, content, metadata);
        return true;
    }
}
