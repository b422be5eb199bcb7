package dev.registrybackup.preflight;

import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.point.Point;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.store.Told;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes points of what is thrown, and of what a store does not tell. */
final class Looking {
    private Looking() {}

    /** The point, or, if the store does not do what it takes, that this is missing. */
    static Point at(String name, String tried, String remedy, Supplier<Point> look) {
        return at(look, e -> Point.missing(name, tried + ": " + e.getMessage(), remedy));
    }

    /** As the other, where a refusal for want of a right only has to be known. */
    static Point unlessRefused(String name, String tried, String needed, String remedy, Supplier<Point> look) {
        return at(
                look,
                e -> e.error() == StoreError.FORBIDDEN
                        ? Point.note(name, "%s: refused. %s".formatted(tried, needed), remedy)
                        : Point.missing(name, tried + ": " + e.getMessage(), remedy));
    }

    private static Point at(Supplier<Point> look, Function<ObjectStoreException, Point> failed) {
        try {
            return look.get();
        } catch (ObjectStoreException e) {
            return failed.apply(e);
        }
    }

    /** What is made of the fact; if there is none, a note where asking again is no use; else that it could not be told. */
    static <T> Point fact(String name, Told<T> told, String remedy, Function<T, Point> look) {
        if (told.value().isPresent()) {
            return look.apply(told.value().get());
        }
        return told.isSettled()
                ? Point.note(name, told.reason() + ", so look yourself", remedy)
                : Point.couldNotTell(name, told.reason(), remedy);
    }

    /** As {@link #at}, of the cluster, which then did not tell. */
    static Point atCluster(String name, Supplier<Point> look) {
        try {
            return look.get();
        } catch (ClusterException e) {
            return Point.couldNotTell(name, String.valueOf(e.getMessage()), "kubectl get --raw /readyz");
        }
    }
}
