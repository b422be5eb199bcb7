package dev.registrybackup.app;

import dev.registrybackup.lab.TwoBuckets;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An embedded store with both buckets for tests of the HTTP side, which it configures. */
public final class LabStores implements QuarkusTestResourceLifecycleManager {
    private @Nullable TwoBuckets buckets;

    /** Marks the field that receives the stores. */
    @Target(ElementType.FIELD)
    @Retention(RetentionPolicy.RUNTIME)
    public @interface InjectStores {}

    @Override
    public Map<String, String> start() {
        TwoBuckets started = TwoBuckets.start(256);
        buckets = started;
        Map<String, String> properties = new HashMap<>();
        started.settings().forEach((name, value) -> properties.put(property(name), value));
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
        injector.injectIntoFields(
                buckets, new TestInjector.AnnotatedAndMatchesType(InjectStores.class, TwoBuckets.class));
    }

    @Override
    public void stop() {
        TwoBuckets started = buckets;
        if (started != null) {
            started.close();
        }
    }
}
