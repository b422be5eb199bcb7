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
 * Copies one object from store to store, proved before it can be seen there, in memory that does not grow with its size.
 * Blocks; threads: any number, each with objects of its own.
 */
public final class ObjectCopier {
    /**
     * Objects above this many bytes are written in parts of as many, as the registry itself does (distribution {@code
     * s3-aws/s3.go}, {@code defaultMultipartCopyChunkSize}), so that ETags above it agree between the buckets.
     */
    static final long PART_BYTES = 32L << 20;

    private static final int MAX_PARTS = 10_000;

    private final ObjectStore target;
    private final Function<ObjectInfo, Map<String, String>> metadata;

    /**
     * Copies into that store.
     *
     * @param metadata the user metadata that the copy of an object gets
     */
    public ObjectCopier(ObjectStore target, Function<ObjectInfo, Map<String, String>> metadata) {
        this.target = target;
        this.metadata = metadata;
    }

    /**
     * Copies the object. Nothing is visible in the target, and nothing there replaced, before every byte is proved.
     *
     * @param sourceObject the source's object; only this very one is copied
     * @param expected what its bytes must hash to; empty for foreign objects
     * @throws DigestMismatchException if they hash to something else
     * @throws ObjectStoreException if either store failed; {@link StoreError#NOT_FOUND} if the object vanished
     */
    public void copy(SourceObject sourceObject, Optional<Digest> expected) {
        copyTo(sourceObject.info().key(), sourceObject, expected);
    }

    /** As {@link #copy}, to another key. */
    public void copyTo(String key, SourceObject sourceObject, Optional<Digest> expected) {
        long size = sourceObject.info().size();
        if (size <= WorkerPools.MAX_SMALL_BYTES) {
            copySmall(key, sourceObject, expected);
            return;
        }
        Optional<DigestVerifier> proof = expected.map(DigestVerifier::of);
        if (size <= PART_BYTES) {
            target.put(key, SourceBody.ofObject(sourceObject, proof), metadata.apply(sourceObject.info()));
        } else {
            copyMultipart(key, sourceObject, proof);
        }
    }

    private void copySmall(String key, SourceObject sourceObject, Optional<Digest> expected) {
        try (OpenObject reading = sourceObject.open(Optional.empty())) {
            target.put(key, readVerified(reading, expected), metadata.apply(sourceObject.info()));
        }
    }

    /**
     * As {@link #copy}, of an object of {@link WorkerPools#MAX_SMALL_BYTES} at most that is open, and not read yet.
     *
     * @param isAbsent whether the target is known to lack it; otherwise it is written on condition that the target does
     * @return whether it was written
     */
    boolean copySmall(OpenObject opened, Digest expected, boolean isAbsent) {
        String key = opened.info().key();
        ContentSource content = readVerified(opened, Optional.of(expected));
        if (!isAbsent) {
            return target.putIfAbsent(key, content, metadata.apply(opened.info()));
        }
        target.put(key, content, metadata.apply(opened.info()));
        return true;
    }

    private static ContentSource readVerified(OpenObject opened, Optional<Digest> expected) {
        ObjectInfo object = opened.info();
        byte[] bytes = opened.readAll(WorkerPools.MAX_SMALL_BYTES);
        if (bytes.length != object.size()) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %d bytes came instead of %d"
                            .formatted(object.key(), bytes.length, object.size()));
        }
        expected.map(DigestVerifier::of).ifPresent(verifier -> {
            verifier.update(bytes, 0, bytes.length);
            verifier.verify();
        });
        return ContentSource.of(bytes, expected);
    }

    private void copyMultipart(String key, SourceObject sourceObject, Optional<DigestVerifier> proof) {
        ObjectInfo object = sourceObject.info();
        long partBytes = Math.max(PART_BYTES, (object.size() + MAX_PARTS - 1) / MAX_PARTS);
        Optional<DigestVerifier> running = proof;
        try (MultipartUpload upload = target.startMultipartUpload(key, metadata.apply(object))) {
            for (long offset = 0; offset < object.size(); offset += partBytes) {
                ByteRange range = new ByteRange(offset, Math.min(partBytes, object.size() - offset));
                SourceBody part = new SourceBody(sourceObject, range, running);
                upload.uploadPart(part);
                running = part.verifierAfter();
                requireCompletePart(object, range, running);
            }
            upload.complete();
        }
    }

    /** The next part's proof goes on from here, so a client that took a part without reading it must not pass. */
    private static void requireCompletePart(ObjectInfo object, ByteRange range, Optional<DigestVerifier> proof) {
        long end = range.offset() + range.length();
        if (proof.isPresent() && proof.get().bytesRead() != end) {
            throw new IllegalStateException("A part of %s was written with %d bytes read instead of %d"
                    .formatted(object.key(), proof.get().bytesRead(), end));
        }
    }
}
