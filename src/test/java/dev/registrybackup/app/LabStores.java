package dev.registrybackup.app;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3ProxyServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An embedded store with both buckets for tests of the HTTP side, which it configures. */
public final class LabStores implements QuarkusTestResourceLifecycleManager {
    private @Nullable Stores stores;

    /** Marks the field that receives the stores. */
    @Target(ElementType.FIELD)
    @Retention(RetentionPolicy.RUNTIME)
    public @interface InjectStores {}

    /** What a test can use. */
    public record Stores(S3ProxyServer store, NotifyingProxy front, Bucket registry, Bucket backup) {}

    @Override
    public Map<String, String> start() {
        S3ProxyServer store = S3ProxyServer.inMemory(256);
        NotifyingProxy front = NotifyingProxy.inFrontOf(store.endpoint(), Product.REGISTRY_BUCKET);
        // The test's own requests go straight to the store, past all faults.
        stores = new Stores(
                store,
                front,
                Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET),
                Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned());
        Map<String, String> properties = new HashMap<>();
        Product.settings(front.endpoint(), front.endpoint())
                .forEach((name, value) -> properties.put(property(name), value));
        properties.put("events.answer-within", "4s");
        properties.put("timeouts.small-request", "2s");
        properties.put("timeouts.idle", "3s");
        return properties;
    }

    private static String property(String variable) {
        String lower = variable.toLowerCase(java.util.Locale.ROOT);
        int dot = lower.indexOf('_');
        return lower.substring(0, dot) + "." + lower.substring(dot + 1).replace('_', '-');
    }

    @Override
    public void inject(TestInjector injector) {
        injector.injectIntoFields(stores, new TestInjector.AnnotatedAndMatchesType(InjectStores.class, Stores.class));
    }

    @Override
    public void stop() {
        if (stores != null) {
            Stores started = Objects.requireNonNull(stores);
            started.registry().close();
            started.backup().close();
            started.front().close();
            started.store().close();
        }
    }
}
