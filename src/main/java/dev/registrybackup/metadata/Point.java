package dev.registrybackup.metadata;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * Something that has to be so before anything is written.
 *
 * @param name what it is about
 * @param state whether it is so
 * @param found what was found
 * @param remedy the command that mends it; empty if there is nothing to mend
 */
public record Point(String name, State state, String found, String remedy) {
    /** Whether it is so. */
    public enum State {
        /** It is. */
        OK,
        /** It is not quite, which hinders nothing but is worth knowing. */
        NOTE,
        /** It is not, and nothing is written before it is. */
        MISSING
    }

    static Point ok(String name, String found) {
        return new Point(name, State.OK, found, "");
    }

    static Point note(String name, String found) {
        return new Point(name, State.NOTE, found, "");
    }

    static Point missing(String name, String found, String remedy) {
        return new Point(name, State.MISSING, found, remedy);
    }

    /** Its form in answers. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("point", name)
                .put("state", state.name().toLowerCase(Locale.ROOT))
                .put("found", found);
        if (!remedy.isEmpty()) {
            json.put("remedy", remedy);
        }
        return json;
    }
}
