package dev.registrybackup.bench;

import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Product;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Counts the requests of each class of event, one event at a time, at a proxy that records all requests. */
final class RequestCounts implements AutoCloseable {
    private static final int BLOB_BYTES = 4 << 10;
    private static final long AFTER_THE_ANSWER_MILLIS = 50;

    private final Stores stores;
    private final NotifyingProxy front;
    private final int samples;
    private final Seeds seeds;
    private final Map<String, List<EventRequests>> rows = new LinkedHashMap<>();
    private Product product;
    private Events events;
    private long housekeeping;

    /** Measures between these stores, with so many events of each class. */
    RequestCounts(Stores stores, int samples) {
        this.stores = stores;
        this.samples = samples;
        seeds = new Seeds(stores.reading());
        front = NotifyingProxy.inFrontOf(stores.registry(), Product.REGISTRY_BUCKET);
        product = startProduct();
        events = new Events(product);
        firstBlob();
    }

    private Product startProduct() {
        return Events.startProduct(front.endpoint(), front.endpoint());
    }

    /** With the first blob after a start the product checks whether everything in the backup is its own. */
    private void firstBlob() {
        events.post(seeds.blob(BLOB_BYTES).key());
    }

    /** Counts the classes whose objects the product remembers, then, started again, those that it does not. */
    Map<String, List<EventRequests>> measure() {
        EventClasses classes = new EventClasses(seeds, key -> events.post(key));
        classes.remembered().forEach(this::countEach);
        Map<String, List<String>> prepared = new LinkedHashMap<>();
        classes.forgotten().forEach((name, prepare) -> prepared.put(name, keys(prepare)));
        product.close();
        product = startProduct();
        events = new Events(product);
        firstBlob();
        prepared.forEach(
                (name, keys) -> rows.put(name, keys.stream().map(this::count).toList()));
        return rows;
    }

    /** Requests while counting that no event caused. */
    long housekeeping() {
        return housekeeping;
    }

    private void countEach(String name, Supplier<String> prepare) {
        List<EventRequests> counted = new ArrayList<>();
        for (int sample = 0; sample < samples; sample++) {
            counted.add(count(prepare.get()));
        }
        rows.put(name, counted);
    }

    private List<String> keys(Supplier<String> prepare) {
        List<String> keys = new ArrayList<>();
        for (int sample = 0; sample < samples; sample++) {
            keys.add(prepare.get());
        }
        return keys;
    }

    private EventRequests count(String key) {
        front.reset();
        events.post(key);
        settle();
        housekeeping +=
                front.requests().stream().filter(EventRequests::isHousekeeping).count();
        return EventRequests.of(front.requests());
    }

    /** Requests of an event after its answer count too. */
    private static void settle() {
        try {
            Thread.sleep(AFTER_THE_ANSWER_MILLIS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while counting", interrupt);
        }
    }

    @Override
    public void close() {
        product.close();
        front.close();
        stores.close();
    }
}
