package dev.registrybackup.check;

import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ProbeResult;
import dev.registrybackup.objectstore.StoreError;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes points of what is thrown, and of what a store does not tell. */
final class CheckRunner {
    private CheckRunner() {}

    /** The point, or, if the store does not do what it takes, that this is missing. */
    static Check withStore(String name, String tried, String remedy, Supplier<Check> look) {
        return withStore(look, e -> Check.fail(name, tried + ": " + e.getMessage(), remedy));
    }

    /** As the other, where a refusal for want of a right only has to be known. */
    static Check unlessRefused(String name, String tried, String needed, String remedy, Supplier<Check> look) {
        return withStore(
                look,
                e -> e.error() == StoreError.FORBIDDEN
                        ? Check.warn(name, "%s: refused. %s".formatted(tried, needed), remedy)
                        : Check.fail(name, tried + ": " + e.getMessage(), remedy));
    }

    private static Check withStore(Supplier<Check> look, Function<ObjectStoreException, Check> failed) {
        try {
            return look.get();
        } catch (ObjectStoreException e) {
            return failed.apply(e);
        }
    }

    /** What is made of the fact; if there is none, a note where asking again is no use; else that it could not be told. */
    static <T> Check fact(String name, ProbeResult<T> probeResult, String remedy, Function<T, Check> look) {
        if (probeResult.value().isPresent()) {
            return look.apply(probeResult.value().get());
        }
        return probeResult.isPermanent()
                ? Check.warn(name, probeResult.reason() + ", so look yourself", remedy)
                : Check.unknown(name, probeResult.reason(), remedy);
    }

    /** As {@link #withStore}, of the cluster, which then did not tell. */
    static Check withCluster(String name, Supplier<Check> look) {
        try {
            return look.get();
        } catch (ClusterException e) {
            return Check.unknown(name, String.valueOf(e.getMessage()), "kubectl get --raw /readyz");
        }
    }
}
