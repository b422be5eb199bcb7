package dev.registrybackup.objectstore;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.registry.LinkContent;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A bucket in memory, with versions if so asked, that behaves as the contract says. */
public final class InMemoryObjectStore implements ObjectStore {
    private final String bucket;
    private final boolean versioned;
    private final Clock clock;
    /** Guarded by this: newest version last; content null is a delete marker. */
    private final Map<String, List<StoredVersion>> objects = new TreeMap<>();
    /** Guarded by this: the uploads under way. */
    private final Set<Upload> openUploads = new HashSet<>();
    /** Guarded by this. */
    private boolean exists = true;

    private boolean ignoresConditions;
    /** S3's name of the one version that an object of an unversioned bucket has. */
    private static final String UNVERSIONED_ID = "null";

    /** Guarded by this. */
    private int versions;

    private record StoredVersion(ObjectInfo info, Optional<Bytes> content) {}

    private static final class Bytes {
        private final byte[] bytes;

        Bytes(byte[] bytes) {
            this.bytes = bytes.clone();
        }
    }

    public InMemoryObjectStore(String bucket, boolean versioned, Clock clock) {
        this.bucket = bucket;
        this.versioned = versioned;
        this.clock = clock;
    }

    public InMemoryObjectStore(String bucket) {
        this(bucket, false, Clock.systemUTC());
    }

    /** As if the bucket were deleted with all that is in it, or made anew. */
    public synchronized void setExists(boolean there) {
        exists = there;
        objects.clear();
    }

    /** Writes as somebody else would: without metadata of ours. */
    public void seed(String key, byte[] content) {
        put(key, ContentSource.of(content), Map.of());
    }

    /** The object's bytes. */
    public byte[] bytes(String key) {
        try (OpenObject open = open(key, Optional.empty(), Optional.empty())) {
            return open.readAll(Integer.MAX_VALUE - 1);
        }
    }

    /** The keys of visible objects. */
    public List<String> keys(String prefix) {
        try (Stream<ObjectInfo> listing = list(prefix)) {
            return listing.map(ObjectInfo::key).toList();
        }
    }

    /** How many versions and delete markers the bucket holds under the prefix. */
    public synchronized int versionCount(String prefix) {
        return objects.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .mapToInt(entry -> entry.getValue().size())
                .sum();
    }

    @Override
    public synchronized Optional<ObjectInfo> head(String key) {
        requireBucket();
        return headBeforeWrite(key);
    }

    @Override
    public synchronized Optional<ObjectInfo> headBeforeWrite(String key) {
        return newest(key)
                .filter(storedVersion -> storedVersion.content().isPresent())
                .map(StoredVersion::info);
    }

    private Optional<StoredVersion> newest(String key) {
        List<StoredVersion> all = objects.getOrDefault(key, List.of());
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    @Override
    @MustBeClosed
    public synchronized OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        requireBucket();
        StoredVersion storedVersion = newest(key)
                .filter(found -> found.content().isPresent())
                .orElseThrow(() -> new ObjectStoreException(
                        StoreError.NOT_FOUND, "Failed to read %s in %s: there is none".formatted(key, bucket)));
        return openObject(storedVersion, range, etag);
    }

    @Override
    public synchronized Optional<ObjectInfo> headVersion(String key, String versionId) {
        requireBucket();
        return version(key, versionId).map(StoredVersion::info);
    }

    @Override
    @MustBeClosed
    public synchronized OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        requireBucket();
        StoredVersion storedVersion = version(key, versionId)
                .orElseThrow(() -> new ObjectStoreException(
                        StoreError.NOT_FOUND, "Failed to read %s of %s: there is none".formatted(versionId, key)));
        return openObject(storedVersion, range, Optional.empty());
    }

    private Optional<StoredVersion> version(String key, String versionId) {
        return objects.getOrDefault(key, List.of()).stream()
                .filter(storedVersion -> storedVersion.content().isPresent())
                .filter(storedVersion ->
                        storedVersion.info().versionId().orElse(UNVERSIONED_ID).equals(versionId))
                .findFirst();
    }

    @Override
    @MustBeClosed
    public synchronized Stream<ObjectVersion> listVersions(String prefix) {
        requireBucket();
        List<ObjectVersion> found = new ArrayList<>();
        objects.forEach((key, all) -> {
            for (int newestFirst = all.size() - 1; key.startsWith(prefix) && newestFirst >= 0; newestFirst--) {
                found.add(listed(all.get(newestFirst)));
            }
        });
        return found.stream();
    }

    private static ObjectVersion listed(StoredVersion storedVersion) {
        ObjectInfo info = storedVersion.info();
        return new ObjectVersion(
                info.key(),
                info.versionId().orElse(UNVERSIONED_ID),
                info.size(),
                info.etag(),
                info.lastModified(),
                storedVersion.content().isEmpty());
    }

    private OpenObject openObject(StoredVersion storedVersion, Optional<ByteRange> range, Optional<String> etag) {
        boolean another = etag.filter(asked -> !asked.isEmpty())
                .filter(asked -> !asked.equals(storedVersion.info().etag()))
                .isPresent();
        boolean beyond = range.filter(
                        bytes -> bytes.offset() >= storedVersion.info().size())
                .isPresent();
        if (another || beyond) {
            throw new ObjectStoreException(
                    StoreError.PRECONDITION_FAILED,
                    "Failed to read %s in %s: it has changed"
                            .formatted(storedVersion.info().key(), bucket));
        }
        byte[] all = storedVersion.content().orElseThrow().bytes;
        byte[] asked = range.map(bytes -> Arrays.copyOfRange(
                        all, (int) bytes.offset(), (int) Math.min(all.length, bytes.offset() + bytes.length())))
                .orElse(all);
        return openObject(storedVersion.info(), new ByteArrayInputStream(asked));
    }

    /** An open object of these parts. */
    public static OpenObject openObject(ObjectInfo info, InputStream stream) {
        return new OpenObject() {
            @Override
            public ObjectInfo info() {
                return info;
            }

            @Override
            public InputStream stream() {
                return stream;
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        byte[] bytes = read(content);
        return putVersion(key, bytes, LinkContent.md5Hex(bytes), metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        if (!isWritable(key)) {
            return false;
        }
        byte[] bytes = read(content);
        synchronized (this) {
            boolean writes = isWritable(key);
            if (writes) {
                putVersion(key, bytes, LinkContent.md5Hex(bytes), metadata);
            }
            return writes;
        }
    }

    private synchronized boolean isWritable(String key) {
        return ignoresConditions || headBeforeWrite(key).isEmpty();
    }

    /** From now on overwrites whatever the condition, as Ceph RGW 16 does. */
    public synchronized void ignoreConditions() {
        ignoresConditions = true;
    }

    private byte[] read(ContentSource content) {
        try (InputStream stream = content.open()) {
            byte[] bytes = stream.readAllBytes();
            if (bytes.length != content.size()) {
                throw new IOException("%d bytes instead of %d".formatted(bytes.length, content.size()));
            }
            return bytes;
        } catch (IOException e) {
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to write: " + e.getMessage(), e);
        }
    }

    private synchronized Optional<String> putVersion(
            String key, byte[] bytes, String etag, Map<String, String> metadata) {
        requireBucket();
        Instant now = clock.instant();
        Optional<String> version = versioned ? Optional.of("v" + ++versions) : Optional.empty();
        List<StoredVersion> all = objects.computeIfAbsent(key, fresh -> new ArrayList<>());
        if (!versioned) {
            all.clear();
        }
        Map<String, String> lowerCase = metadata.entrySet().stream()
                .collect(Collectors.toMap(entry -> entry.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue));
        ObjectInfo info = new ObjectInfo(key, bytes.length, etag, now, lowerCase, version);
        all.add(new StoredVersion(info, Optional.of(new Bytes(bytes))));
        return version;
    }

    @Override
    @MustBeClosed
    public synchronized MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        Upload upload = new Upload(key, metadata, clock.instant());
        openUploads.add(upload);
        return upload;
    }

    private final class Upload implements MultipartUpload {
        private final String key;
        private final Map<String, String> metadata;
        private final Instant started;
        private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
        private int count;

        Upload(String key, Map<String, String> metadata, Instant started) {
            this.key = key;
            this.metadata = metadata;
            this.started = started;
        }

        @Override
        public void uploadPart(ContentSource content) {
            parts.writeBytes(read(content));
            requireInProgress(this);
            count++;
        }

        @Override
        public void complete() {
            requireInProgress(this);
            byte[] bytes = parts.toByteArray();
            putVersion(key, bytes, LinkContent.md5Hex(bytes) + "-" + count, metadata);
            endUpload(this);
        }

        @Override
        public void close() {
            endUpload(this);
        }
    }

    private synchronized void requireInProgress(Upload upload) {
        if (!openUploads.contains(upload)) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE, "Failed to write %s: its upload was given up".formatted(upload.key));
        }
    }

    private synchronized void endUpload(Upload upload) {
        openUploads.remove(upload);
    }

    @Override
    public synchronized long abortMultipartUploads(String prefix, Instant startedBefore) {
        requireBucket();
        long before = openUploads.size();
        openUploads.removeIf(upload -> upload.key.startsWith(prefix) && upload.started.isBefore(startedBefore));
        return before - openUploads.size();
    }

    @Override
    public synchronized void delete(String key, Optional<String> versionId) {
        requireBucket();
        List<StoredVersion> all = objects.getOrDefault(key, new ArrayList<>());
        if (versionId.isPresent()) {
            all.removeIf(storedVersion ->
                    storedVersion.info().versionId().orElse(UNVERSIONED_ID).equals(versionId.get()));
        } else if (versioned) {
            ObjectInfo marker = new ObjectInfo(key, 0, "", clock.instant(), Map.of(), Optional.of("v" + ++versions));
            objects.computeIfAbsent(key, fresh -> new ArrayList<>()).add(new StoredVersion(marker, Optional.empty()));
        } else {
            objects.remove(key);
        }
        if (all.isEmpty() && versionId.isPresent()) {
            objects.remove(key);
        }
    }

    @Override
    @MustBeClosed
    public synchronized Stream<ObjectInfo> list(String prefix) {
        requireBucket();
        List<ObjectInfo> found = objects.keySet().stream()
                .filter(key -> key.startsWith(prefix))
                .flatMap(key -> headBeforeWrite(key).stream())
                .map(info -> new ObjectInfo(
                        info.key(), info.size(), info.etag(), info.lastModified(), Map.of(), Optional.empty()))
                .toList();
        return found.stream();
    }

    @Override
    public synchronized void requireBucket() {
        if (!exists) {
            throw new ObjectStoreException(StoreError.BUCKET_MISSING, "There is no bucket " + bucket);
        }
    }

    @Override
    public boolean isVersioned() {
        requireBucket();
        return versioned;
    }

    @Override
    public synchronized BucketConfiguration bucketConfiguration() {
        if (!exists) {
            return new BucketConfiguration(
                    ProbeResult.transientFailure("no bucket"),
                    ProbeResult.transientFailure("no bucket"),
                    ProbeResult.transientFailure("no bucket"),
                    ProbeResult.transientFailure("no bucket"),
                    ProbeResult.transientFailure("no bucket"));
        }
        return new BucketConfiguration(
                ProbeResult.of(clock.instant().truncatedTo(ChronoUnit.SECONDS)),
                ProbeResult.of(versioned),
                ProbeResult.of(List.of()),
                ProbeResult.of(List.of()),
                ProbeResult.of(false));
    }

    @Override
    public String bucket() {
        return bucket;
    }
}
