package dev.registrybackup.transfer;

import dev.registrybackup.content.ContentProof;
import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestMismatchException;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import dev.registrybackup.store.StoreError;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

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

    private static final int MOST_PARTS = 10_000;

    private final ObjectStore source;
    private final ObjectStore target;

    /** Copies from the one to the other. */
    public ObjectCopier(ObjectStore source, ObjectStore target) {
        this.source = source;
        this.target = target;
    }

    /**
     * Copies the object. Nothing is visible in the target, and nothing there replaced, before every byte is proved.
     *
     * @param object the source's object; only this very one is copied, told by its ETag
     * @param expected what its bytes must hash to; empty for foreign objects
     * @throws DigestMismatchException if they hash to something else
     * @throws ObjectStoreException if either store failed; {@link StoreError#NOT_FOUND} if the object vanished
     */
    public void copy(ObjectInfo object, Optional<Digest> expected) {
        Optional<ContentProof> proof = expected.map(ContentProof::of);
        if (object.size() <= Lanes.SMALL_BYTES) {
            copySmall(object, proof);
        } else if (object.size() <= PART_BYTES) {
            put(object, SourceContent.whole(source, object, proof));
        } else {
            copyParts(object, proof);
        }
    }

    private void copySmall(ObjectInfo object, Optional<ContentProof> proof) {
        byte[] bytes;
        try (OpenObject reading = source.open(object.key(), Optional.empty(), Optional.of(object.etag()))) {
            bytes = reading.readAll(Lanes.SMALL_BYTES);
        }
        if (bytes.length != object.size()) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %d bytes came instead of %d"
                            .formatted(object.key(), bytes.length, object.size()));
        }
        proof.ifPresent(running -> {
            running.update(bytes, 0, bytes.length);
            running.complete();
        });
        put(object, ReplayableContent.of(bytes));
    }

    private void put(ObjectInfo object, ReplayableContent content) {
        target.put(object.key(), content, CopiedFrom.metadata(object));
    }

    private void copyParts(ObjectInfo object, Optional<ContentProof> proof) {
        long partBytes = Math.max(PART_BYTES, (object.size() + MOST_PARTS - 1) / MOST_PARTS);
        Optional<ContentProof> running = proof;
        try (MultipartUpload upload = target.startMultipart(object.key(), CopiedFrom.metadata(object))) {
            for (long offset = 0; offset < object.size(); offset += partBytes) {
                ByteRange range = new ByteRange(offset, Math.min(partBytes, object.size() - offset));
                SourceContent part = new SourceContent(source, object, range, running);
                upload.part(part);
                running = part.proofAfter();
                requireWholePart(object, range, running);
            }
            upload.complete();
        }
    }

    /** The next part's proof goes on from here, so a client that took a part without reading it must not pass. */
    private static void requireWholePart(ObjectInfo object, ByteRange range, Optional<ContentProof> proof) {
        long end = range.offset() + range.length();
        if (proof.isPresent() && proof.get().bytes() != end) {
            throw new IllegalStateException("A part of %s was written with %d bytes read instead of %d"
                    .formatted(object.key(), proof.get().bytes(), end));
        }
    }

    /**
     * Reads an object of a store to its end and says whether its bytes are what the digest says.
     *
     * @throws ObjectStoreException if it cannot be read
     */
    static boolean proves(ObjectStore store, ObjectInfo object, Digest digest) {
        ContentProof proof = ContentProof.of(digest);
        try (OpenObject reading = store.open(object.key(), Optional.empty(), Optional.of(object.etag()))) {
            InputStream stream = reading.stream();
            byte[] buffer = new byte[64 << 10];
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                proof.update(buffer, 0, count);
            }
            proof.complete();
            return true;
        } catch (DigestMismatchException e) {
            return false;
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %s".formatted(object.key(), e.getMessage()),
                    e);
        }
    }
}
