package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ProbeResult;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The result of one check of a preflight.
 *
 * @param name what was checked
 * @param found what was tried on what, and what was found
 * @param remedy the command that fixes it, or what to do; empty if there is nothing to fix
 */
public record Check(String name, State state, String found, String remedy) {
    /** The result of a check. */
    public enum State {
        /** The prerequisite is there. */
        PASS,
        /** Something is worth knowing; it prevents nothing. */
        WARN,
        /** A store or the cluster did not answer. */
        UNKNOWN,
        /** The prerequisite is missing; nothing should start before it is fixed. */
        FAIL
    }

    /** A passed check. */
    public static Check pass(String name, String found) {
        return new Check(name, State.PASS, found, "");
    }

    /** A warning without a remedy. */
    public static Check warn(String name, String found) {
        return new Check(name, State.WARN, found, "");
    }

    /** A warning with a remedy. */
    public static Check warn(String name, String found, String remedy) {
        return new Check(name, State.WARN, found, remedy);
    }

    /** A failed check. */
    public static Check fail(String name, String found, String remedy) {
        return new Check(name, State.FAIL, found, remedy);
    }

    /**
     * A check that passes or fails.
     *
     * @param found what was found, if it passes
     * @param problem what was found, if it fails
     */
    public static Check passIf(boolean isPassed, String name, String found, String problem, String remedy) {
        return isPassed ? pass(name, found) : fail(name, problem, remedy);
    }

    /** The check; it fails if the store refuses a request or does not answer. */
    static Check withStore(String name, String tried, String remedy, Supplier<Check> check) {
        return withStore(check, e -> fail(name, tried + ": " + e.getMessage(), remedy));
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
                ? warn(name, result.reason() + ", so check it yourself", remedy)
                : new Check(name, State.UNKNOWN, result.reason(), remedy);
    }

    /** The check; unknown if the cluster refuses a request or does not answer. */
    static Check withCluster(String name, Supplier<Check> check) {
        try {
            return check.get();
        } catch (ClusterException e) {
            return new Check(name, State.UNKNOWN, String.valueOf(e.getMessage()), "kubectl get --raw /readyz");
        }
    }

    /** The form in responses. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("check", name)
                .put("state", state.name().toLowerCase(Locale.ROOT))
                .put("found", found);
        if (!remedy.isEmpty()) {
            json.put("remedy", remedy);
        }
        return json;
    }
}
