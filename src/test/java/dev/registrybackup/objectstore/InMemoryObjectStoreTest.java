package dev.registrybackup.objectstore;

import java.time.Clock;

/** The store that most tests use behaves as the real ones. */
class InMemoryObjectStoreTest extends ObjectStoreContract {
    private final InMemoryObjectStore store = new InMemoryObjectStore("images");
    private final InMemoryObjectStore versioned = new InMemoryObjectStore("versioned", true, Clock.systemUTC());

    @Override
    ObjectStore store() {
        return store;
    }

    @Override
    ObjectStore versionedStore() {
        return versioned;
    }

    @Override
    ObjectStore storeWithoutBucket() {
        InMemoryObjectStore nowhere = new InMemoryObjectStore("nowhere");
        nowhere.setExists(false);
        return nowhere;
    }
}
