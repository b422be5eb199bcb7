package dev.registrybackup.bench;

import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/** Images in a backup bucket, as replication leaves them there. */
final class RestoreSet {
    private final Stores stores;
    private final List<TestImage> images = new ArrayList<>();
    private SortedMap<String, Long> sizes = new java.util.TreeMap<>();

    private RestoreSet(Stores stores) {
        this.stores = stores;
    }

    /** Small images only, for counting. */
    static RestoreSet small(Stores stores) {
        RestoreSet set = new RestoreSet(stores);
        TestImages make = new TestImages(5);
        for (int count = 0; count < 20; count++) {
            set.images.add(make.image(1000, 2000, 3000));
        }
        return set;
    }

    /** Many small layers, some of 4 MiB, a few of 48 MiB. */
    static RestoreSet mixed(Stores stores) {
        RestoreSet set = new RestoreSet(stores);
        TestImages make = new TestImages(6);
        for (int count = 0; count < 120; count++) {
            set.images.add(make.image(4000, 5000));
        }
        for (int count = 0; count < 20; count++) {
            set.images.add(make.image(4 << 20));
        }
        for (int count = 0; count < 4; count++) {
            set.images.add(make.image(48 << 20));
        }
        return set;
    }

    void push() {
        try (Bucket backup = Bucket.of(stores.backup(), Product.BACKUP_BUCKET)) {
            RegistryPush push = new RegistryPush(backup.client(), backup.name());
            int tag = 0;
            for (TestImage image : images) {
                push.push(image, "bench/small", "t" + tag++);
            }
            backup.sizes("docker/").keySet().stream()
                    .filter(key -> key.contains("/_uploads/"))
                    .forEach(backup::remove);
            sizes = backup.sizes("docker/");
        }
    }

    int objects() {
        return sizes.size();
    }

    long bytes() {
        return images.stream()
                .flatMap(image -> image.closure().stream())
                .distinct()
                .mapToLong(Blob::size)
                .sum();
    }
}
