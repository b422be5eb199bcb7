package dev.registrybackup.check;

import dev.registrybackup.check.Check.State;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether a bucket is there and may be read. */
final class BucketChecks {
    private static final String LIST = "Allow s3:ListBucket on the bucket: docs/rights.md";
    private static final String READ = "Allow s3:GetObject on its objects: docs/rights.md";

    private final CheckedStore checkedStore;
    private final String prefix;

    /** For that side's objects below the prefix. */
    BucketChecks(CheckedStore checkedStore, String prefix) {
        this.checkedStore = checkedStore;
        this.prefix = prefix;
    }

    /** One only if there is no such bucket, since all others would say the same. */
    List<Check> run(String random) {
        List<Check> points = new ArrayList<>();
        points.add(bucket());
        if (points.get(0).state() == State.PASS) {
            points.add(listing());
            points.add(absent(prefix + "preflight-" + random));
            points.add(reading());
        }
        return points;
    }

    private Check bucket() {
        String name = checkedStore.check("bucket");
        return CheckRunner.withStore(
                name,
                "HeadBucket of " + checkedStore.bucket(),
                "Correct %s.endpoint, .bucket, and the keys; or create the bucket".formatted(checkedStore.name()),
                () -> {
                    checkedStore.store().requireBucket();
                    return Check.pass(name, checkedStore.bucket() + " is there");
                });
    }

    private Check listing() {
        String name = checkedStore.check("list");
        return CheckRunner.withStore(
                name,
                "ListObjectsV2 of " + prefix,
                LIST,
                () -> Check.pass(
                        name,
                        prefix
                                + (first().isPresent()
                                        ? " can be listed"
                                        : " can be listed, and there is nothing yet")));
    }

    private Optional<ObjectInfo> first() {
        try (Stream<ObjectInfo> listing = checkedStore.store().list(prefix)) {
            return listing.filter(object -> object.size() > 0).findFirst();
        }
    }

    private Check absent(String key) {
        String name = checkedStore.check("absent object");
        return CheckRunner.withStore(name, "HeadObject of " + key + ", which is not there", LIST, () -> {
            checkedStore.store().headBeforeWrite(key);
            return Check.pass(name, "an object that is not there is answered 404");
        });
    }

    private Check reading() {
        String name = checkedStore.check("read");
        return CheckRunner.withStore(
                name,
                "GetObject below " + prefix,
                READ,
                () -> first().map(object -> read(name, object.key()))
                        .orElseGet(
                                () -> Check.warn(name, "not tried, since there is nothing below " + prefix + " yet")));
    }

    private Check read(String name, String key) {
        try (OpenObject object = checkedStore.store().open(key, Optional.of(new ByteRange(0, 1)), Optional.empty())) {
            object.readAll(1);
            return Check.pass(name, "the first byte of " + key + " was read");
        }
    }
}
