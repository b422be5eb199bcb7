package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.reconcile.rclone.Difference.Kind;
import dev.registrybackup.reconcile.rclone.ObjectListing.ListedObject;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Compares two listings key by key. For one use. */
final class ListingComparison {
    private final String prefix;
    private final Consumer<Difference> found;
    private long keys;

    /**
     * Prepares a comparison.
     *
     * @param prefix the prefix of the listed keys
     * @param found receives each key of either listing, in the order of keys
     */
    ListingComparison(String prefix, Consumer<Difference> found) {
        this.prefix = prefix;
        this.found = found;
    }

    /** Compares until both listings end, or one has a problem; returns why the result is not reliable. */
    Optional<String> run(ObjectListing registry, ObjectListing backup) throws IOException, InterruptedException {
        Optional<ListedObject> left = registry.next();
        Optional<ListedObject> right = backup.next();
        while (registry.problem().isEmpty() && backup.problem().isEmpty() && (left.isPresent() || right.isPresent())) {
            int order = left.isEmpty() ? 1 : right.map(left.get()::compareTo).orElse(-1);
            ListedObject object = (order > 0 ? right : left).orElseThrow();
            if (order == 0 && !(left.get().isComparable() && right.orElseThrow().isComparable())) {
                return Optional.of("a store lists no MD5 of " + prefix + object.name());
            }
            keys++;
            Kind inBoth = left.equals(right) ? Kind.SAME : Kind.DIFFERENT;
            Kind kind = order < 0 ? Kind.ONLY_IN_REGISTRY : order > 0 ? Kind.ONLY_IN_BACKUP : inBoth;
            found.accept(new Difference(kind, prefix + object.name()));
            left = order <= 0 ? registry.next() : left;
            right = order >= 0 ? backup.next() : right;
        }
        return registry.problem()
                .map(reason -> "the registry was not listed: " + reason)
                .or(() -> backup.problem().map(reason -> "the backup was not listed: " + reason));
    }

    /** How many keys were compared. */
    long keys() {
        return keys;
    }
}
