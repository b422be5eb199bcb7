package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import java.util.List;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** One GET and one PUT, beside what the product does with the same object. Safe for use by many threads. */
final class BareCopy {
    /** Copies lie where the product never looks. */
    private static final String PREFIX = "bench/";
    /** Every so manieth object is looked for after a load. */
    private static final int PROBED = 10;

    private final Stores stores;

    /** Between the buckets of these stores. */
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

    /** Fails unless the product's copies of these are in the backup, as far as a look at every tenth tells. */
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

    /** Takes these objects and all copies of them away. */
    void delete(List<String> keys) {
        Seeds.delete(stores.reading(), Product.REGISTRY_BUCKET, keys);
        Seeds.delete(stores.writing(), Product.BACKUP_BUCKET, keys);
        Seeds.delete(
                stores.writing(),
                Product.BACKUP_BUCKET,
                keys.stream().map(key -> PREFIX + key).toList());
    }
}
