package dev.registrybackup.lab;

import java.util.HashMap;
import java.util.Map;

/**
 * An embedded store with a registry's bucket and a versioned bucket for its backup, and a recording proxy before it.
 *
 * @param store the store itself
 * @param front the proxy, which notifies of what is written to the registry's bucket
 * @param registry the registry's bucket, past the proxy
 * @param backup the backup's bucket, past the proxy
 */
public record TwoBuckets(S3ProxyServer store, NotifyingProxy front, Bucket registry, Bucket backup)
        implements AutoCloseable {

    /** Starts a store with this heap in MiB, and creates both buckets. */
    public static TwoBuckets start(int heap) {
        S3ProxyServer store = S3ProxyServer.inMemory(heap);
        return new TwoBuckets(
                store,
                NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET),
                Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET),
                Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned());
    }

    /** The settings of a product that reaches both buckets through the proxy, as environment variables; may be changed. */
    public Map<String, String> settings() {
        return new HashMap<>(Product.settings(front.endpoint(), front.endpoint()));
    }

    @Override
    public void close() {
        registry.close();
        backup.close();
        front.close();
        store.close();
    }
}
