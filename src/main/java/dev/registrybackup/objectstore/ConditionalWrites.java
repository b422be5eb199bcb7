package dev.registrybackup.objectstore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Optional;

/**
 * Whether the backup's store heeds {@code If-None-Match}, or overwrites all the same, as Ceph RGW 16 does. Learned once
 * for each bucket, and kept there as a record. A wrong answer costs requests, and never a guarantee. Safe for use by many
 * threads; blocks.
 */
public final class ConditionalWrites {
    /** The record's key in the backup bucket. Without it the store is asked anew. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "conditional-writes";

    private static final String FIELD = "ifNoneMatch";

    private final MetadataStore records;
    /** Guarded by this. */
    private Optional<Boolean> heeded = Optional.empty();

    /** Of the store of that bucket. */
    public ConditionalWrites(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /**
     * Whether {@link ObjectStore#putIfAbsent} leaves an object that is there as it is. One request, once; for a new bucket
     * three.
     *
     * @throws ObjectStoreException if that cannot be determined now
     */
    public synchronized boolean areHeeded() {
        if (heeded.isEmpty()) {
            ObjectNode record = records.read(KEY);
            heeded = Optional.of(record.has(FIELD) ? record.path(FIELD).asBoolean() : probe());
        }
        return heeded.get();
    }

    /** Says yes, then no on condition that nothing was said: what stays is the answer. */
    private boolean probe() {
        records.put(KEY, json(true));
        return !records.putIfAbsent(KEY, json(false));
    }

    private static String json(boolean isHeeded) {
        return JsonNodeFactory.instance.objectNode().put(FIELD, isHeeded).toString();
    }
}
