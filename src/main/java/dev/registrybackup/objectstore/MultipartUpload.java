package dev.registrybackup.objectstore;

/**
 * An object being written in parts; nothing is visible before {@link #complete}. Closing it uncompleted aborts it, so
 * that the store keeps no parts.
 */
public interface MultipartUpload extends AutoCloseable {
    /**
     * Writes the next part. Parts but the last have 5 MiB or more.
     *
     * @throws ObjectStoreException if the store failed
     */
    void uploadPart(ContentSource content);

    /**
     * Makes the object visible, replacing an older one.
     *
     * @throws ObjectStoreException if the store failed; the upload is then aborted on close
     */
    void complete();

    /** Aborts the upload unless it is complete; if that fails, the bucket's lifecycle rule aborts it. */
    @Override
    void close();
}
