package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import java.util.List;

/**
 * The results of a preflight.
 *
 * @param checks in the order in which they ran
 */
public record CheckReport(List<Check> checks) {
    /** The failed checks. */
    public List<Check> failed() {
        return checks.stream().filter(check -> check.state() == State.FAIL).toList();
    }

    /**
     * The form in responses: {@code ready}, true if every check passed or only warns; and {@code checks}, each with {@code
     * check}, {@code state} (pass, warn, unknown or fail), {@code found} and, if something has to be fixed, {@code remedy}.
     */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(
                "ready", checks.stream().allMatch(check -> check.state() == State.PASS || check.state() == State.WARN));
        ArrayNode list = json.putArray("checks");
        checks.forEach(check -> list.add(check.json()));
        return json;
    }
}
