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

    private static final int MOST_PARTS = 10_000;

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
     * @param origin the source's object; only this very one is copied
     * @param expected what its bytes must hash to; empty for foreign objects
     * @throws DigestMismatchException if they hash to something else
     * @throws ObjectStoreException if either store failed; {@link StoreError#NOT_FOUND} if the object vanished
     */
    public void copy(Origin origin, Optional<Digest> expected) {
        copyTo(origin.object().key(), origin, expected);
    }

    /** As {@link #copy}, to another key. */
    public void copyTo(String key, Origin origin, Optional<Digest> expected) {
        long size = origin.object().size();
        Optional<ContentProof> proof = expected.map(ContentProof::of);
        if (size <= Lanes.SMALL_BYTES) {
            copySmall(key, origin, proof);
        } else if (size <= PART_BYTES) {
            put(key, origin, SourceContent.whole(origin, proof));
        } else {
            copyParts(key, origin, proof);
        }
    }

    private void copySmall(String key, Origin origin, Optional<ContentProof> proof) {
        ObjectInfo object = origin.object();
        byte[] bytes;
        try (OpenObject reading = origin.open(Optional.empty())) {
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
        put(key, origin, ReplayableContent.of(bytes));
    }

    private void put(String key, Origin origin, ReplayableContent content) {
        target.put(key, content, metadata.apply(origin.object()));
    }

    private void copyParts(String key, Origin origin, Optional<ContentProof> proof) {
        ObjectInfo object = origin.object();
        long partBytes = Math.max(PART_BYTES, (object.size() + MOST_PARTS - 1) / MOST_PARTS);
        Optional<ContentProof> running = proof;
        try (MultipartUpload upload = target.startMultipart(key, metadata.apply(object))) {
            for (long offset = 0; offset < object.size(); offset += partBytes) {
                ByteRange range = new ByteRange(offset, Math.min(partBytes, object.size() - offset));
                SourceContent part = new SourceContent(origin, range, running);
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
}
