package dev.registrybackup.preflight;

import dev.registrybackup.point.Point;
import dev.registrybackup.point.Point.State;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.OpenObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether a bucket is there and may be read. */
final class BucketPoints {
    private static final String LIST = "Allow s3:ListBucket on the bucket: docs/rights.md";
    private static final String READ = "Allow s3:GetObject on its objects: docs/rights.md";

    private final Side side;
    private final String prefix;

    /** For that side's objects below the prefix. */
    BucketPoints(Side side, String prefix) {
        this.side = side;
        this.prefix = prefix;
    }

    /** One only if there is no such bucket, since all others would say the same. */
    List<Point> points(String random) {
        List<Point> points = new ArrayList<>();
        points.add(bucket());
        if (points.get(0).state() == State.OK) {
            points.add(listing());
            points.add(absent(prefix + "preflight-" + random));
            points.add(reading());
        }
        return points;
    }

    private Point bucket() {
        String name = side.point("bucket");
        return Looking.at(
                name,
                "HeadBucket of " + side.bucket(),
                "Correct %s.endpoint, .bucket, and the keys; or create the bucket".formatted(side.name()),
                () -> {
                    side.store().requireBucket();
                    return Point.ok(name, side.bucket() + " is there");
                });
    }

    private Point listing() {
        String name = side.point("list");
        return Looking.at(
                name,
                "ListObjectsV2 of " + prefix,
                LIST,
                () -> Point.ok(
                        name,
                        prefix
                                + (first().isPresent()
                                        ? " can be listed"
                                        : " can be listed, and there is nothing yet")));
    }

    private Optional<ObjectInfo> first() {
        try (Stream<ObjectInfo> listing = side.store().list(prefix)) {
            return listing.filter(object -> object.size() > 0).findFirst();
        }
    }

    private Point absent(String key) {
        String name = side.point("absent object");
        return Looking.at(name, "HeadObject of " + key + ", which is not there", LIST, () -> {
            side.store().findBeforeWrite(key);
            return Point.ok(name, "an object that is not there is answered 404");
        });
    }

    private Point reading() {
        String name = side.point("read");
        return Looking.at(
                name,
                "GetObject below " + prefix,
                READ,
                () -> first().map(object -> read(name, object.key()))
                        .orElseGet(
                                () -> Point.note(name, "not tried, since there is nothing below " + prefix + " yet")));
    }

    private Point read(String name, String key) {
        try (OpenObject object = side.store().open(key, Optional.of(new ByteRange(0, 1)), Optional.empty())) {
            object.readAll(1);
            return Point.ok(name, "the first byte of " + key + " was read");
        }
    }
}
