package dev.registrybackup.preflight;

import dev.registrybackup.point.Point;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.ObjectVersion;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import dev.registrybackup.store.StoreError;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether records can be written in the backup bucket, under a key of their own that is removed again. */
final class WritePoints {
    /** Where it is tried. */
    static final String PREFIX = "registry-backup/preflight/";

    private static final byte[] CONTENT = "written by a preflight; may be removed".getBytes(StandardCharsets.UTF_8);
    private static final String RIGHTS = "Allow s3:PutObject, s3:GetObject and s3:DeleteObject on %s/" + PREFIX
            + "* and s3:DeleteObjectVersion where versions are kept: docs/rights.md";

    private final Side backup;
    private final ObjectStore store;
    private final boolean isCommand;
    private final Clock clock;

    /**
     * In that store.
     *
     * @param isCommand whether a human's key is tried, or else that of a Service, which writes records only
     */
    WritePoints(Side backup, boolean isCommand, Clock clock) {
        this.backup = backup;
        this.store = backup.store();
        this.isCommand = isCommand;
        this.clock = clock;
    }

    List<Point> points(String random) {
        String key = PREFIX + random;
        return List.of(record(key), ifNoneMatch(key + "-once"), multipart(key + "-parts"));
    }

    private Point record(String key) {
        String name = backup.point("write");
        String remedy = RIGHTS.formatted(backup.bucket());
        return Looking.at(name, "PutObject, GetObject and DeleteObject of " + key, remedy, () -> {
            store.put(key, ReplayableContent.of(CONTENT), Map.of());
            boolean isSame = isSame(key);
            remove(key);
            return isSame
                    ? Point.ok(name, key + " was written, read and removed")
                    : Point.missing(name, key + " was not read as it had been written", "Look at the store");
        });
    }

    private boolean isSame(String key) {
        try (OpenObject object = store.open(key, Optional.empty(), Optional.empty())) {
            return Arrays.equals(CONTENT, object.readAll(2 * CONTENT.length));
        }
    }

    /** All of it, so that no ghosts stay; where that is not allowed, what can be seen of it. */
    private void remove(String key) {
        try {
            List<ObjectVersion> versions;
            try (Stream<ObjectVersion> listed = store.listVersions(key)) {
                versions = listed.toList();
            }
            versions.forEach(version -> store.remove(version.key(), Optional.of(version.versionId())));
        } catch (ObjectStoreException e) {
            if (e.error() != StoreError.FORBIDDEN) {
                throw e;
            }
            store.remove(key, Optional.empty());
        }
    }

    private Point ifNoneMatch(String key) {
        String name = backup.point("If-None-Match");
        String remedy = RIGHTS.formatted(backup.bucket());
        return Looking.at(name, "PutObject of " + key + " with If-None-Match, twice", remedy, () -> {
            store.putIfAbsent(key, ReplayableContent.of(CONTENT));
            boolean again = store.putIfAbsent(key, ReplayableContent.of(CONTENT));
            remove(key);
            return again
                    ? Point.note(
                            name,
                            "the store does not heed it: of two operations that are asked for at the same moment both"
                                    + " could start",
                            "Ask for one restore at a time, or take a newer release of the store")
                    : Point.ok(name, "the second of two was refused");
        });
    }

    private Point multipart(String key) {
        String name = backup.point("multipart");
        String tried = "CreateMultipartUpload and AbortMultipartUpload of " + key;
        String remedy =
                "Allow s3:PutObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads to the keys of replicate and"
                        + " of reconcile Jobs: docs/rights.md";
        return isCommand
                ? Looking.at(name, tried, remedy, () -> startAndGiveUp(name, key))
                : Looking.unlessRefused(
                        name,
                        tried,
                        "This role writes none; replicate and reconcile Jobs do",
                        remedy,
                        () -> startAndGiveUp(name, key));
    }

    @SuppressWarnings("try") // the upload is not written to
    private Point startAndGiveUp(String name, String key) {
        try (MultipartUpload upload = store.startMultipart(key, Map.of())) {
            // Closed without having been completed: that gives it up.
        }
        long left = store.abortUploads(key, clock.instant().plus(Duration.ofDays(1)));
        return left == 0
                ? Point.ok(name, "an upload in parts was started and given up")
                : Point.missing(
                        name,
                        "an upload in parts was started, and was still there after it had been given up",
                        "Allow s3:AbortMultipartUpload: docs/rights.md");
    }
}
