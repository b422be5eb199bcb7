package dev.registrybackup.objectstore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.RegistryLayout;
import java.util.Optional;

/**
 * Whether the backup's bucket supports {@code If-None-Match}, or overwrites anyway, as Ceph RGW 16 does where it keeps
 * versions. Determined once for each bucket and recorded there. A wrong record costs requests but breaks no guarantee.
 * Safe for use by many threads; blocks.
 */
public final class ConditionalWrites {
    /** The record's key in the backup bucket. If it is missing, the store is tested again. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "conditional-writes";

    private static final String FIELD = "ifNoneMatch";

    private final MetadataStore records;
    /** Guarded by this. */
    private Optional<Boolean> heeded = Optional.empty();

    /** Uses the record in this backup. */
    public ConditionalWrites(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /**
     * Whether {@link ObjectStore#putIfAbsent} leaves an existing object unchanged. Sends one request on the first call,
     * three or four for a new bucket, and none later.
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

    /**
     * Records nothing yet, then false if the record is absent, and true only once that was refused: another process that
     * reads it meanwhile, or after this one was killed, learns nothing wrong.
     */
    private boolean probe() {
        records.put(KEY, "{}");
        if (records.putIfAbsent(KEY, json(false))) {
            return false;
        }
        records.put(KEY, json(true));
        return true;
    }

    private static String json(boolean isHeeded) {
        return JsonNodeFactory.instance.objectNode().put(FIELD, isHeeded).toString();
    }
}
