package dev.registrybackup.check;

import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ProbeResult;
import java.util.function.Function;
import java.util.function.Supplier;

/** Runs checks, and turns a failed request or an unknown value into the check's state. */
final class CheckRunner {
    private CheckRunner() {}

    /** The check; it fails if the store refuses a request or does not answer. */
    static Check withStore(String name, String tried, String remedy, Supplier<Check> check) {
        return withStore(check, e -> Check.fail(name, tried + ": " + e.getMessage(), remedy));
    }

    /** The check; if the store refuses a request or does not answer, what {@code onFailure} returns. */
    static Check withStore(Supplier<Check> check, Function<ObjectStoreException, Check> onFailure) {
        try {
            return check.get();
        } catch (ObjectStoreException e) {
            return onFailure.apply(e);
        }
    }

    /** The check of a value; without a value it is unknown, or a warning if a retry would not help. */
    static <T> Check fact(String name, ProbeResult<T> result, String remedy, Function<T, Check> check) {
        if (result.value().isPresent()) {
            return check.apply(result.value().get());
        }
        return result.isPermanent()
                ? Check.warn(name, result.reason() + ", so check it yourself", remedy)
                : Check.unknown(name, result.reason(), remedy);
    }

    /** The check; unknown if the cluster refuses a request or does not answer. */
    static Check withCluster(String name, Supplier<Check> check) {
        try {
            return check.get();
        } catch (ClusterException e) {
            return Check.unknown(name, String.valueOf(e.getMessage()), "kubectl get --raw /readyz");
        }
    }
}
