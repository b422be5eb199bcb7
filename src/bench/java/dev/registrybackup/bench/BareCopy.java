package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import java.util.List;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Copies an object by one GET and one PUT, to compare with the product. Safe for use by many threads. */
final class BareCopy {
    /** The product never reads keys below it. */
    private static final String PREFIX = "bench/";
    /** After a load, one of so many objects is checked. */
    private static final int PROBED = 10;

    private final Stores stores;

    /** Copies between the buckets of these stores. */
    BareCopy(Stores stores) {
        this.stores = stores;
    }

    /** Copies the object through memory. */
    void copy(String key) {
        byte[] content = stores.reading()
                .getObjectAsBytes(
                        request -> request.bucket(Product.REGISTRY_BUCKET).key(key))
                .asByteArrayUnsafe();
        stores.writing()
                .putObject(
                        request -> request.bucket(Product.BACKUP_BUCKET)
                                .key(PREFIX + key)
                                .contentType("application/octet-stream"),
                        RequestBody.fromBytes(content));
    }

    /** Fails unless the product's copies of every tenth of these are in the backup. */
    void requireInBackup(List<String> keys) {
        for (int at = 0; at < keys.size(); at += PROBED) {
            String key = keys.get(at);
            try {
                stores.writing()
                        .headObject(
                                request -> request.bucket(Product.BACKUP_BUCKET).key(key));
            } catch (S3Exception failure) {
                throw new IllegalStateException("Answered with 204 but not in the backup: " + key, failure);
            }
        }
    }

    /** Deletes these objects and all copies of them. */
    void delete(List<String> keys) {
        Seeds.delete(stores.reading(), Product.REGISTRY_BUCKET, keys);
        Seeds.delete(stores.writing(), Product.BACKUP_BUCKET, keys);
        Seeds.delete(
                stores.writing(),
                Product.BACKUP_BUCKET,
                keys.stream().map(key -> PREFIX + key).toList());
    }
}
