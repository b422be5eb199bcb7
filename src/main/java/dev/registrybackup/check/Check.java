package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * Something that has to be so before something is begun.
 *
 * @param name what it is about
 * @param state whether it is so
 * @param found what was tried on what, and what was found
 * @param remedy the command that mends it, or what to do; empty if there is nothing to mend
 */
public record Check(String name, State state, String found, String remedy) {
    /** Whether it is so. */
    public enum State {
        /** It is. */
        PASS,
        /** It is not quite, which hinders nothing but is worth knowing. */
        WARN,
        /** Whether it is was not told. */
        UNKNOWN,
        /** It is not, and nothing should begin before it is. */
        FAIL
    }

    /** It is so. */
    public static Check pass(String name, String found) {
        return new Check(name, State.PASS, found, "");
    }

    /** It is worth knowing. */
    public static Check warn(String name, String found) {
        return new Check(name, State.WARN, found, "");
    }

    /** It is worth knowing, and something can be done about it. */
    public static Check warn(String name, String found, String remedy) {
        return new Check(name, State.WARN, found, remedy);
    }

    /** Nobody told. */
    public static Check unknown(String name, String found, String remedy) {
        return new Check(name, State.UNKNOWN, found, remedy);
    }

    /** It is not so. */
    public static Check fail(String name, String found, String remedy) {
        return new Check(name, State.FAIL, found, remedy);
    }

    /** Its form in answers. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("check", name)
                .put("state", state.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .put("found", found);
        if (!remedy.isEmpty()) {
            json.put("remedy", remedy);
        }
        return json;
    }
}
