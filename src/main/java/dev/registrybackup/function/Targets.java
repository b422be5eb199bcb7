package dev.registrybackup.function;

import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.store.s3.S3Timeouts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The stores that a request may name; each is opened when it is first named. Safe for use by many threads. */
final class Targets implements AutoCloseable {
    private final Map<String, PlaceSettings> settings;
    private final S3Timeouts timeouts;
    private final int connections;
    /** Guarded by this. */
    private final Map<String, Place> open = new TreeMap<>();

    /**
     * These stores.
     *
     * @param registry the registry itself
     * @param others the configured targets by name
     */
    Targets(PlaceSettings registry, Map<String, PlaceSettings> others, S3Timeouts timeouts, int connections) {
        this.settings = new TreeMap<>(others);
        this.settings.put(RestoreRequest.REGISTRY, registry);
        this.timeouts = timeouts;
        this.connections = connections;
    }

    /** The store of that name. Throws {@link IllegalArgumentException} if none is configured. */
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    synchronized Place named(String name) {
        Place known = open.get(name);
        if (known != null) {
            return known;
        }
        @Nullable PlaceSettings place = settings.get(name);
        if (place == null) {
            throw new IllegalArgumentException("There is no target \"%s\"; these are configured: %s"
                    .formatted(name, List.copyOf(settings.keySet())));
        }
        Place opened = Place.open(place, timeouts, connections);
        open.put(name, opened);
        return opened;
    }

    @Override
    public synchronized void close() {
        new ArrayList<>(open.values()).forEach(Place::close);
    }
}
