package dev.registrybackup.check;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether records can be written in the backup bucket, under a key of their own that is removed again. */
final class WriteChecks {
    /** Where it is tried. */
    static final String PREFIX = "registry-backup/preflight/";

    private static final byte[] CONTENT = "written by a preflight; may be removed".getBytes(StandardCharsets.UTF_8);
    private static final String RIGHTS = "Allow s3:PutObject, s3:GetObject and s3:DeleteObject on %s/" + PREFIX
            + "* and s3:DeleteObjectVersion where versions are kept: docs/rights.md";

    private final CheckedStore backup;
    private final ObjectStore store;
    private final boolean isCommand;
    private final Clock clock;

    /**
     * In that store.
     *
     * @param isCommand whether a human's key is tried, or else that of a Service, which writes records only
     */
    WriteChecks(CheckedStore backup, boolean isCommand, Clock clock) {
        this.backup = backup;
        this.store = backup.store();
        this.isCommand = isCommand;
        this.clock = clock;
    }

    List<Check> run(String random) {
        String key = PREFIX + random;
        return List.of(record(key), ifNoneMatch(key + "-once"), multipart(key + "-parts"));
    }

    private Check record(String key) {
        String name = backup.check("write");
        String remedy = RIGHTS.formatted(backup.bucket());
        return CheckRunner.withStore(name, "PutObject, GetObject and DeleteObject of " + key, remedy, () -> {
            store.put(key, ContentSource.of(CONTENT), Map.of());
            boolean isSame = isSame(key);
            remove(key);
            return isSame
                    ? Check.pass(name, key + " was written, read and removed")
                    : Check.fail(name, key + " was not read as it had been written", "Look at the store");
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
            versions.forEach(version -> store.delete(version.key(), Optional.of(version.versionId())));
        } catch (ObjectStoreException e) {
            if (e.error() != StoreError.FORBIDDEN) {
                throw e;
            }
            store.delete(key, Optional.empty());
        }
    }

    private Check ifNoneMatch(String key) {
        String name = backup.check("If-None-Match");
        String remedy = RIGHTS.formatted(backup.bucket());
        return CheckRunner.withStore(name, "PutObject of " + key + " with If-None-Match, twice", remedy, () -> {
            store.putIfAbsent(key, ContentSource.of(CONTENT));
            boolean again = store.putIfAbsent(key, ContentSource.of(CONTENT));
            remove(key);
            return again
                    ? Check.warn(
                            name,
                            "the store does not heed it: of two operations that are asked for at the same moment both"
                                    + " could start",
                            "Ask for one restore at a time, or take a newer release of the store")
                    : Check.pass(name, "the second of two was refused");
        });
    }

    private Check multipart(String key) {
        String name = backup.check("multipart");
        String tried = "CreateMultipartUpload and AbortMultipartUpload of " + key;
        String remedy =
                "Allow s3:PutObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads to the keys of replicate and"
                        + " of reconcile Jobs: docs/rights.md";
        return isCommand
                ? CheckRunner.withStore(name, tried, remedy, () -> startAndAbort(name, key))
                : CheckRunner.unlessRefused(
                        name,
                        tried,
                        "This role writes none; replicate and reconcile Jobs do",
                        remedy,
                        () -> startAndAbort(name, key));
    }

    @SuppressWarnings("try") // the upload is not written to
    private Check startAndAbort(String name, String key) {
        try (MultipartUpload upload = store.startMultipartUpload(key, Map.of())) {
            // Closed without having been completed: that gives it up.
        }
        long left = store.abortMultipartUploads(key, clock.instant().plus(Duration.ofDays(1)));
        return left == 0
                ? Check.pass(name, "an upload in parts was started and given up")
                : Check.fail(
                        name,
                        "an upload in parts was started, and was still there after it had been given up",
                        "Allow s3:AbortMultipartUpload: docs/rights.md");
    }
}
