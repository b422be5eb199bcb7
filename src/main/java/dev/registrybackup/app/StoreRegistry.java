package dev.registrybackup.app;

import dev.registrybackup.app.config.RegistryStoreSettings;
import dev.registrybackup.app.config.Settings;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.s3.S3ObjectStore;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.restore.Drill;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The stores that a request may name; each is opened when it is first named. Safe for use by many threads. */
final class StoreRegistry implements AutoCloseable {
    private final Map<String, RegistryStoreSettings> settings;
    private final RegistryStoreSettings drill;
    private final S3Timeouts timeouts;
    private final int connections;
    /** Guarded by this. */
    private final Map<String, RegistryStore> openStores = new TreeMap<>();

    /**
     * Opens these stores on first use.
     *
     * @param registry the registry itself
     * @param others the configured targets by name
     * @param drill the store that drills restore to, if no target has their name
     */
    StoreRegistry(
            RegistryStoreSettings registry,
            Map<String, RegistryStoreSettings> others,
            RegistryStoreSettings drill,
            S3Timeouts timeouts,
            int connections) {
        this.settings = new TreeMap<>(others);
        this.settings.put(RestoreRequest.REGISTRY, registry);
        this.drill = drill;
        this.timeouts = timeouts;
        this.connections = connections;
    }

    /** The store with this name. Throws {@link IllegalArgumentException} if none is configured. */
    synchronized RegistryStore get(String name) {
        RegistryStore known = openStores.get(name);
        if (known != null) {
            return known;
        }
        @Nullable RegistryStoreSettings place = settings.get(name);
        if (place == null) {
            throw new IllegalArgumentException("There is no target \"%s\". Configured targets: %s"
                    .formatted(name, List.copyOf(settings.keySet())));
        }
        RegistryStore opened = place.open(timeouts, connections);
        openStores.put(name, opened);
        return opened;
    }

    /** The store that drills restore to: the target of that name, else a directory that no request may name. */
    RegistryStore drillTarget() {
        return settings.containsKey(Drill.TARGET) ? get(Drill.TARGET) : drill.open(timeouts, connections);
    }

    /**
     * The slot that only one operation may write to at once: the store with this name, or on the command line a
     * directory of this machine.
     */
    String slot(String name) {
        return Optional.ofNullable(settings.get(name))
                .filter(store -> name.equals(Settings.DIRECTORY))
                .flatMap(RegistryStoreSettings::directory)
                .map(path -> Wiring.hostName() + ":" + path.toAbsolutePath())
                .orElse(name);
    }

    @Override
    public synchronized void close() {
        new ArrayList<>(openStores.values()).forEach(StoreRegistry::close);
    }

    /** Closes the clients of buckets; directories need no closing. */
    static void close(RegistryStore opened) {
        if (opened.store() instanceof S3ObjectStore bucket) {
            bucket.close();
        }
    }
}
