package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.reconcile.rclone.Comparer;
import dev.registrybackup.reconcile.rclone.Comparison;
import dev.registrybackup.reconcile.rclone.Difference;
import dev.registrybackup.reconcile.rclone.Difference.Kind;
import dev.registrybackup.reconcile.rclone.Shard;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Compares two stores as rclone does, and tells what a test wants besides. Safe for use by many threads. */
final class StoreComparer implements Comparer {
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final Set<String> hidden = new HashSet<>();
    private final Map<String, Kind> reportedOnce = new ConcurrentSkipListMap<>();
    private final Map<String, String> failing = new HashMap<>();
    private final List<String> comparisons = new CopyOnWriteArrayList<>();
    private final Map<String, Kind> reported = new HashMap<>();
    private Runnable beforeCompare = () -> {};
    private boolean isInOrder = true;
    private Consumer<String> beforeReport = key -> {};

    StoreComparer(ObjectStore registry, ObjectStore backup) {
        this.registry = registry;
        this.backup = backup;
    }

    /** Says nothing of that key, whatever is the matter with it. */
    StoreComparer hide(String key) {
        hidden.add(key);
        return this;
    }

    /** Says this of that key once, whatever is the matter with it. */
    StoreComparer reportOnce(String key, Kind kind) {
        reportedOnce.put(key, kind);
        return this;
    }

    /** Says this of that key each time, whatever is the matter with it. */
    StoreComparer reportAlways(String key, Kind kind) {
        reported.put(key, kind);
        return this;
    }

    /** Has that done before each part is compared. */
    StoreComparer beforeCompare(Runnable step) {
        beforeCompare = step;
        return this;
    }

    /** Says that it holds listings in memory. */
    StoreComparer unordered() {
        isInOrder = false;
        return this;
    }

    /** Has that done before each key is reported. */
    StoreComparer beforeReport(Consumer<String> step) {
        beforeReport = step;
        return this;
    }

    /** Its report of the part of that prefix does not count, and has no more than what it is to say once. */
    StoreComparer failing(String prefix, String problem) {
        failing.put(prefix, problem);
        return this;
    }

    /** Which parts were compared and which were confirmed, in order. */
    List<String> comparisons() {
        return List.copyOf(comparisons);
    }

    @Override
    public Comparison compare(Shard shard, Consumer<Difference> found) {
        comparisons.add("compare " + shard.prefix());
        beforeCompare.run();
        if (failing.containsKey(shard.prefix())) {
            reportOnce(shard, found);
            return new Comparison(failing.get(shard.prefix()), 0, "rclone ls");
        }
        Map<String, ObjectInfo> here = objects(registry, shard);
        Map<String, ObjectInfo> there = objects(backup, shard);
        TreeMap<String, Difference> differences = new TreeMap<>();
        Consumer<Difference> add = difference -> differences.put(difference.key(), difference);
        TreeSet<String> keys = new TreeSet<>(here.keySet());
        keys.addAll(there.keySet());
        keys.forEach(key -> report(shard, key, here.get(key), there.get(key), add));
        reportOnce(shard, add);
        for (Difference difference : differences.values()) {
            beforeReport.accept(difference.key());
            found.accept(difference);
        }
        return new Comparison("", keys.size(), "rclone ls " + shard.prefix());
    }

    private void reportOnce(Shard shard, Consumer<Difference> found) {
        reportedOnce.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(shard.prefix()))
                .toList()
                .forEach(entry -> {
                    reportedOnce.remove(entry.getKey());
                    found.accept(new Difference(entry.getValue(), entry.getKey()));
                });
    }

    @Override
    public Comparison compareKeys(Shard shard, Collection<String> keys, Consumer<Difference> found) {
        comparisons.add("confirm " + keys.size() + " of " + shard.prefix());
        Map<String, ObjectInfo> here = objects(registry, shard);
        Map<String, ObjectInfo> there = objects(backup, shard);
        for (String key : new TreeSet<>(keys)) {
            if (here.containsKey(key)) {
                report(shard, key, here.get(key), there.get(key), found);
            }
        }
        return new Comparison("", keys.size(), "rclone ls --files-from-raw");
    }

    private void report(
            Shard shard,
            String key,
            @Nullable ObjectInfo here,
            @Nullable ObjectInfo there,
            Consumer<Difference> found) {
        if (hidden.contains(key)) {
            return;
        }
        Kind kind = Kind.SAME;
        if (there == null) {
            kind = Kind.ONLY_IN_REGISTRY;
        } else if (here == null) {
            kind = Kind.ONLY_IN_BACKUP;
        } else if (here.size() != there.size()
                || (shard.compareBy() == Shard.CompareBy.CONTENT && !here.etag().equals(there.etag()))) {
            kind = Kind.DIFFERENT;
        }
        found.accept(new Difference(reported.getOrDefault(key, kind), key));
    }

    private static Map<String, ObjectInfo> objects(ObjectStore store, Shard shard) {
        Map<String, ObjectInfo> objects = new TreeMap<>();
        try (Stream<ObjectInfo> listing = store.list(shard.prefix())) {
            listing.filter(object -> !isExcluded(
                            shard, object.key().substring(shard.prefix().length())))
                    .forEach(object -> objects.put(object.key(), object));
        }
        return objects;
    }

    /** rclone's filters, as far as the parts use them. */
    private static boolean isExcluded(Shard shard, String relative) {
        return shard.excludes().stream().anyMatch(pattern -> {
            if (pattern.startsWith("{{")) {
                return Pattern.matches("(.*/)?" + pattern.substring(2, pattern.length() - 2), relative);
            }
            String begin = pattern.startsWith("/") ? "^" : "(^|.*/)";
            String glob = pattern.replaceFirst("^/", "").replace(".", "\\.").replace("**", "\0");
            String regex = begin + glob.replace("*", "[^/]*").replace("\0", ".*") + "$";
            return Pattern.matches(regex, relative);
        });
    }

    @Override
    public SortedSet<String> listNames(String prefix) {
        TreeSet<String> names = new TreeSet<>();
        for (ObjectStore store : List.of(registry, backup)) {
            try (Stream<ObjectInfo> listing = store.list(prefix)) {
                listing.map(object -> object.key().substring(prefix.length()))
                        .forEach(rest -> names.add(
                                rest.substring(0, rest.indexOf('/') < 0 ? rest.length() : rest.indexOf('/') + 1)));
            }
        }
        return names;
    }

    @Override
    public boolean comparesContent() {
        return true;
    }

    @Override
    public boolean listsInOrder() {
        return isInOrder;
    }

    @Override
    public String version() {
        return "a comparison in memory";
    }
}
