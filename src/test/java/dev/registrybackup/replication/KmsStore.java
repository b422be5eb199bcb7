package dev.registrybackup.replication;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A store that encrypts under KMS: its ETags are not the MD5 of the content. */
public final class KmsStore extends ForwardingObjectStore {
    private final Predicate<String> which;

    /** All objects of that store are encrypted. */
    public KmsStore(ObjectStore below) {
        this(below, key -> true);
    }

    /** Only objects with these keys are encrypted, for example those written since encryption was enabled. */
    public KmsStore(ObjectStore below, Predicate<String> which) {
        super(below);
        this.which = which;
    }

    private ObjectInfo encrypted(ObjectInfo info) {
        if (!which.test(info.key())) {
            return info;
        }
        String etag = new StringBuilder(info.etag()).reverse().toString();
        return new ObjectInfo(info.key(), info.size(), etag, info.lastModified(), info.metadata(), info.versionId());
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
        return super.head(key).map(this::encrypted);
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        return super.headBeforeWrite(key).map(this::encrypted);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        Optional<String> asked = which.test(key)
                ? etag.map(text -> new StringBuilder(text).reverse().toString())
                : etag;
        OpenObject opened = super.open(key, range, asked);
        return InMemoryObjectStore.openObject(encrypted(opened.info()), opened.stream());
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<ObjectInfo> list(String prefix) {
        return super.list(prefix).map(this::encrypted);
    }
}
