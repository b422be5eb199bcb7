package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.DigestVerifier;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Copies one object between stores and verifies it before it becomes visible in the target. The memory used does not
 * depend on the object's size. Blocks; safe for use by many threads, each with its own objects.
 */
public final class ObjectCopier {
    /**
     * The size of a multipart part in bytes; larger objects are written in parts. The registry uses the same size
     * (distribution {@code s3-aws/s3.go}, {@code defaultMultipartCopyChunkSize}), so the ETags of both buckets agree.
     */
    static final long PART_BYTES = 32L << 20;

    private static final int MAX_PARTS = 10_000;

    private final ObjectStore target;
    private final Function<ObjectInfo, Map<String, String>> metadata;

    /**
     * Copies into this store.
     *
     * @param metadata the user metadata of an object's copy
     */
    public ObjectCopier(ObjectStore target, Function<ObjectInfo, Map<String, String>> metadata) {
        this.target = target;
        this.metadata = metadata;
    }

    /**
     * Copies the object. The target is unchanged until every byte is verified.
     *
     * @param sourceObject the object to copy; if it was replaced since, the copy fails
     * @param expected the digest of its bytes; empty for an unknown object, which is not verified
     * @throws DigestMismatchException if its bytes have another digest
     * @throws ObjectStoreException if a store failed; {@link StoreError#NOT_FOUND} if the object no longer exists
     */
    public void copy(SourceObject sourceObject, Optional<Digest> expected) {
        copyTo(sourceObject.info().key(), sourceObject, expected);
    }

    /** Copies as {@link #copy} does, to another key. */
    public void copyTo(String key, SourceObject sourceObject, Optional<Digest> expected) {
        boolean isOnePiece = sourceObject.info().size() <= PART_BYTES;
        try (OpenObject opened =
                sourceObject.open(isOnePiece ? Optional.empty() : Optional.of(new ByteRange(0, PART_BYTES)))) {
            copyOpened(key, opened, sourceObject, expected, true);
        }
    }

    /**
     * Copies as {@link #copy} does, from an object that is open.
     *
     * @param opened the object's first {@link #PART_BYTES}, or all of a smaller one, unread; the caller closes it
     * @param overwrites whether to write whatever the target has. Otherwise an object of one piece is written only if
     *     the target does not have its key
     * @return whether the object was written
     */
    boolean copyOpened(OpenObject opened, SourceObject sourceObject, Optional<Digest> expected, boolean overwrites) {
        return copyOpened(sourceObject.info().key(), opened, sourceObject, expected, overwrites);
    }

    private boolean copyOpened(
            String key, OpenObject opened, SourceObject sourceObject, Optional<Digest> expected, boolean overwrites) {
        ObjectInfo object = sourceObject.info();
        Optional<DigestVerifier> verifier = expected.map(DigestVerifier::of);
        if (object.size() > PART_BYTES) {
            copyMultipart(key, opened, sourceObject, verifier);
            return true;
        }
        ContentSource content = object.size() <= WorkerPools.MAX_SMALL_BYTES
                ? readVerified(opened, object, expected)
                : new SourceBody(sourceObject, new ByteRange(0, object.size()), verifier, Optional.of(opened));
        if (overwrites) {
            target.put(key, content, metadata.apply(object));
            return true;
        }
        return target.putIfAbsent(key, content, metadata.apply(object));
    }

    private static ContentSource readVerified(OpenObject opened, ObjectInfo object, Optional<Digest> expected) {
        byte[] bytes = opened.readAll(WorkerPools.MAX_SMALL_BYTES);
        if (bytes.length != object.size()) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: got %d bytes instead of %d"
                            .formatted(object.key(), bytes.length, object.size()));
        }
        expected.map(DigestVerifier::of).ifPresent(verifier -> {
            verifier.update(bytes, 0, bytes.length);
            verifier.verify();
        });
        return ContentSource.of(bytes, expected);
    }

    private void copyMultipart(
            String key, OpenObject opened, SourceObject sourceObject, Optional<DigestVerifier> verifier) {
        ObjectInfo object = sourceObject.info();
        long partBytes = Math.max(PART_BYTES, (object.size() + MAX_PARTS - 1) / MAX_PARTS);
        Optional<DigestVerifier> current = verifier;
        try (MultipartUpload upload = target.startMultipartUpload(key, metadata.apply(object))) {
            for (long offset = 0; offset < object.size(); offset += partBytes) {
                ByteRange range = new ByteRange(offset, Math.min(partBytes, object.size() - offset));
                // An object above 320 GB has larger parts than what is open.
                boolean isOpen = offset == 0 && partBytes == PART_BYTES;
                SourceBody part =
                        new SourceBody(sourceObject, range, current, isOpen ? Optional.of(opened) : Optional.empty());
                upload.uploadPart(part);
                current = part.verifierAfter();
                requireCompletePart(object, range, current);
            }
            upload.complete();
        }
    }

    /** The next part continues the hash from here, so a client that uploads a part without reading it must fail. */
    private static void requireCompletePart(ObjectInfo object, ByteRange range, Optional<DigestVerifier> verifier) {
        long end = range.offset() + range.length();
        if (verifier.isPresent() && verifier.get().bytesRead() != end) {
            throw new IllegalStateException("A part of %s was uploaded after %d bytes were read instead of %d"
                    .formatted(object.key(), verifier.get().bytesRead(), end));
        }
    }
}
