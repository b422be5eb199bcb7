package dev.registrybackup.replicate;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.OpenObject;
import java.util.Optional;

/** A store that encrypts under KMS: its ETags say nothing about the content. */
final class KmsStore extends ForwardingObjectStore {
    KmsStore(ObjectStore below) {
        super(below);
    }

    private static ObjectInfo encrypted(ObjectInfo info) {
        String etag = new StringBuilder(info.etag()).reverse().toString();
        return new ObjectInfo(info.key(), info.size(), etag, info.lastModified(), info.metadata(), info.versionId());
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return super.find(key).map(KmsStore::encrypted);
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        return super.findBeforeWrite(key).map(KmsStore::encrypted);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        OpenObject opened = super.open(
                key, range, etag.map(text -> new StringBuilder(text).reverse().toString()));
        return InMemoryObjectStore.opened(encrypted(opened.info()), opened.stream());
    }
}
