package dev.registrybackup.check;

import dev.registrybackup.check.Check.State;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.LifecycleRule;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks one of the two stores: whether its bucket can be used, and how it is configured. */
final class StoreChecks {
    private static final String TRIAL_PREFIX = "registry-backup/preflight/";
    private static final byte[] TRIAL_CONTENT =
            "written by a preflight; may be removed".getBytes(StandardCharsets.UTF_8);
    private static final Duration FAIL_SKEW = Duration.ofMinutes(5);
    private static final Duration WARN_SKEW = Duration.ofMinutes(1);
    private static final int MIN_VERSION_DAYS = 30;
    private static final String LIST_RIGHT = "Allow s3:ListBucket on the bucket: docs/rights.md";
    private static final String READ_RIGHT = "Allow s3:GetObject on its objects: docs/rights.md";
    private static final String WRITE_RIGHTS = "Allow s3:PutObject, s3:GetObject and s3:DeleteObject on %s/"
            + TRIAL_PREFIX + "*, and s3:DeleteObjectVersion if the bucket keeps versions: docs/rights.md";
    private static final String MULTIPART_RIGHTS =
            "Allow s3:PutObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads to the keys of replicate"
                    + " and of reconcile Jobs: docs/rights.md";
    private static final String ABORT_RULE =
            "'{\"Rules\":[{\"ID\":\"incomplete-uploads\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":\"\"},"
                    + "\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":1}}]}'";

    private final CheckedStore checked;
    private final ObjectStore store;
    private final String random;

    StoreChecks(CheckedStore checked, String random) {
        this.checked = checked;
        this.store = checked.store();
        this.random = random;
    }

    /**
     * Whether the bucket exists, and can be listed and read. Only the first of these checks if there is no such bucket, since
     * all would fail for that reason.
     *
     * @param prefix the prefix of the objects that are read
     */
    List<Check> access(String prefix) {
        List<Check> checks = new ArrayList<>();
        checks.add(bucket());
        if (checks.get(0).state() == State.PASS) {
            checks.add(list(prefix));
            checks.add(absentObject(prefix + "preflight-" + random));
            checks.add(read(prefix));
        }
        return checks;
    }

    private Check bucket() {
        String name = checked.check("bucket");
        return Check.withStore(
                name,
                "HeadBucket of " + checked.bucket(),
                "Correct %s.endpoint, .bucket, and the keys; or create the bucket".formatted(checked.name()),
                () -> {
                    store.requireBucket();
                    return Check.pass(name, checked.bucket() + " exists");
                });
    }

    private Check list(String prefix) {
        String name = checked.check("list");
        return Check.withStore(
                name,
                "ListObjectsV2 of " + prefix,
                LIST_RIGHT,
                () -> Check.pass(
                        name, prefix + (isEmpty(prefix) ? " can be listed, and is empty so far" : " can be listed")));
    }

    private boolean isEmpty(String prefix) {
        try (Stream<ObjectInfo> listing = store.list(prefix)) {
            return listing.noneMatch(object -> object.size() > 0);
        }
    }

    private Check absentObject(String key) {
        String name = checked.check("absent object");
        return Check.withStore(name, "HeadObject of %s, which does not exist".formatted(key), LIST_RIGHT, () -> {
            store.headBeforeWrite(key);
            return Check.pass(name, "an object that does not exist is answered with 404");
        });
    }

    private Check read(String prefix) {
        String name = checked.check("read");
        return Check.withStore(name, "GetObject below " + prefix, READ_RIGHT, () -> {
            try (Stream<ObjectInfo> listing = store.list(prefix)) {
                return listing.filter(object -> object.size() > 0)
                        .map(ObjectInfo::key)
                        .filter(this::readFirstByte)
                        .findFirst()
                        .map(key -> Check.pass(name, "the first byte of %s was read".formatted(key)))
                        .orElseGet(() ->
                                Check.warn(name, "not tried, because there is nothing below %s yet".formatted(prefix)));
            }
        });
    }

    /** Returns false if the object was deleted since it was listed, as the records of other processes are. */
    private boolean readFirstByte(String key) {
        try (OpenObject reading = store.open(key, Optional.of(new ByteRange(0, 1)), Optional.empty())) {
            reading.readAll(1);
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Whether records can be written, under keys of their own that are deleted again.
     *
     * @param isCommand whether the key is a person's, or else a Service's, which writes no large objects
     * @param now the time
     */
    List<Check> write(boolean isCommand, Instant now) {
        String key = TRIAL_PREFIX + random;
        return List.of(writeAndRead(key), ifNoneMatch(key + "-once"), multipart(key + "-parts", isCommand, now));
    }

    private Check writeAndRead(String key) {
        String name = checked.check("write");
        String tried = "PutObject, GetObject and DeleteObject of " + key;
        return Check.withStore(name, tried, WRITE_RIGHTS.formatted(checked.bucket()), () -> {
            store.put(key, ContentSource.of(TRIAL_CONTENT), Map.of());
            boolean isSame;
            try (OpenObject object = store.open(key, Optional.empty(), Optional.empty())) {
                isSame = Arrays.equals(TRIAL_CONTENT, object.readAll(2 * TRIAL_CONTENT.length));
            }
            delete(key);
            return Check.passIf(
                    isSame,
                    name,
                    key + " was written, read and deleted",
                    key + " was read with other content than written",
                    "Check the store");
        });
    }

    /** Deletes all versions, so that nothing stays; without the right to, only the current one. */
    private void delete(String key) {
        try {
            store.deleteVersions(key, Instant.MAX);
        } catch (ObjectStoreException e) {
            if (e.error() != StoreError.FORBIDDEN) {
                throw e;
            }
            store.delete(key, Optional.empty());
        }
    }

    private Check ifNoneMatch(String key) {
        String name = checked.check("If-None-Match");
        String tried = "PutObject of %s with If-None-Match, twice".formatted(key);
        return Check.withStore(name, tried, WRITE_RIGHTS.formatted(checked.bucket()), () -> {
            store.putIfAbsent(key, ContentSource.of(TRIAL_CONTENT), Map.of());
            boolean isWrittenAgain = store.putIfAbsent(key, ContentSource.of(TRIAL_CONTENT), Map.of());
            delete(key);
            return isWrittenAgain
                    ? Check.warn(
                            name,
                            "the store ignores it: two operations that are requested at the same moment could both"
                                    + " start",
                            "Request one restore at a time, or use a newer release of the store")
                    : Check.pass(name, "the second of two writes was refused");
        });
    }

    @SuppressWarnings("try") // the upload is not written to
    private Check multipart(String key, boolean isCommand, Instant now) {
        String name = checked.check("multipart");
        String tried = "CreateMultipartUpload and AbortMultipartUpload of " + key;
        return Check.withStore(
                () -> {
                    try (MultipartUpload upload = store.startMultipartUpload(key, Map.of())) {
                        // Closing it without completing it aborts it.
                    }
                    return Check.passIf(
                            store.abortMultipartUploads(key, now.plus(Duration.ofDays(1))) == 0,
                            name,
                            "a multipart upload was started and aborted",
                            "a multipart upload was started and aborted, and still existed",
                            "Allow s3:AbortMultipartUpload: docs/rights.md");
                },
                e -> e.error() == StoreError.FORBIDDEN && !isCommand
                        ? Check.warn(
                                name,
                                tried + ": refused. This role needs none; replicate and reconcile Jobs do",
                                MULTIPART_RIGHTS)
                        : Check.fail(name, tried + ": " + e.getMessage(), MULTIPART_RIGHTS));
    }

    List<Check> registryConfiguration(BucketConfiguration configuration, Instant now) {
        return List.of(
                clock(configuration, now),
                Check.fact(
                        checked.check("versioning"),
                        configuration.versioningEnabled(),
                        getVersioning(),
                        isOn -> Check.warn(checked.check("versioning"), isOn ? "it is on" : "it is off, as usual")),
                lifecycle(configuration, List.of(checked.layout().prefix())));
    }

    List<Check> backupConfiguration(BucketConfiguration configuration, Instant now) {
        List<Check> checks = new ArrayList<>();
        checks.add(clock(configuration, now));
        checks.add(versioning(configuration));
        checks.add(lifecycle(configuration, List.of(checked.layout().prefix(), "registry-backup/")));
        configuration.lifecycleRules().value().ifPresent(rules -> {
            checks.addAll(oldVersions(rules));
            checks.add(incompleteUploads(rules));
        });
        if (configuration.objectLockEnabled().value().orElse(false)) {
            checks.add(Check.warn(
                    checked.check("Object Lock"),
                    "it is on: locked records of this program stay until their retention ends, which does no harm"));
        }
        return checks;
    }

    private String getVersioning() {
        return checked.aws("get-bucket-versioning", "");
    }

    private String getLifecycle() {
        return checked.aws("get-bucket-lifecycle-configuration", "");
    }

    private Check clock(BucketConfiguration configuration, Instant now) {
        String name = checked.check("clock");
        String remedy = "Check NTP on the nodes of the store and on this one (chronyc tracking)";
        return Check.fact(name, configuration.serverTime(), remedy, time -> {
            Duration skew = Duration.between(now, time).abs();
            String found = "the clocks of the store and of this process differ by %d s".formatted(skew.toSeconds());
            if (skew.compareTo(FAIL_SKEW) > 0) {
                return Check.fail(name, found + "; a store refuses every request from 15 min on", remedy);
            }
            return skew.compareTo(WARN_SKEW) > 0 ? Check.warn(name, found, remedy) : Check.pass(name, found);
        });
    }

    private Check versioning(BucketConfiguration configuration) {
        String name = checked.check("versioning");
        return Check.fact(
                name,
                configuration.versioningEnabled(),
                getVersioning(),
                isOn -> Check.passIf(
                        isOn,
                        name,
                        "it is on",
                        "it is off: overwritten objects are lost, and nothing can be restored as of an earlier time",
                        checked.aws("put-bucket-versioning", "--versioning-configuration Status=Enabled")));
    }

    /** Whether the store itself deletes images or records. */
    private Check lifecycle(BucketConfiguration configuration, List<String> prefixes) {
        String name = checked.check("lifecycle");
        return Check.fact(name, configuration.lifecycleRules(), getLifecycle(), rules -> {
            Optional<LifecycleRule> deleting = rules.stream()
                    .filter(LifecycleRule::expiresCurrentVersions)
                    .filter(rule -> prefixes.stream().anyMatch(rule::overlapsPrefix))
                    .findFirst();
            return deleting.map(rule -> Check.fail(
                            name,
                            "rule \"%s\" expires current objects below \"%s\": it deletes the %s"
                                    .formatted(rule.name(), rule.prefix(), checked.name()),
                            "Remove it from the output of: " + getLifecycle()))
                    .orElseGet(() -> Check.pass(name, "no rule expires current objects"));
        });
    }

    private List<Check> oldVersions(List<LifecycleRule> rules) {
        return rules.stream()
                .filter(rule -> rule.overlapsPrefix(checked.layout().prefix()))
                .filter(rule -> rule.noncurrentExpirationDays().orElse(MIN_VERSION_DAYS) < MIN_VERSION_DAYS)
                .map(rule -> Check.warn(
                        checked.check("old versions"),
                        "rule \"%s\" deletes them after %d days: no restore can go back further"
                                .formatted(
                                        rule.name(),
                                        rule.noncurrentExpirationDays().getAsInt())))
                .toList();
    }

    private Check incompleteUploads(List<LifecycleRule> rules) {
        String name = checked.check("incomplete uploads");
        boolean areAborted = rules.stream()
                .anyMatch(rule -> rule.abortUploadDays().isPresent()
                        && checked.layout().prefix().startsWith(rule.prefix()));
        return areAborted
                ? Check.pass(name, "a lifecycle rule aborts them")
                : Check.warn(
                        name,
                        "no lifecycle rule aborts them; reconcile aborts this program's after a day",
                        checked.aws("put-bucket-lifecycle-configuration", "--lifecycle-configuration " + ABORT_RULE)
                                + " (replaces all existing rules)");
    }
}
