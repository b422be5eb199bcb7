package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import java.util.List;

/**
 * Points together.
 *
 * @param checks in the order in which they were looked at
 */
public record CheckReport(List<Check> checks) {
    /** Keeps its own copy of the list. */
    public CheckReport {
        checks = List.copyOf(checks);
    }

    /** Those that are not so. */
    public List<Check> failed() {
        return checks.stream().filter(check -> check.state() == State.FAIL).toList();
    }

    /** The form in answers; {@code ready} only if all is known to be so, or hinders nothing. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(
                "ready", checks.stream().allMatch(check -> check.state() == State.PASS || check.state() == State.WARN));
        ArrayNode list = json.putArray("checks");
        checks.forEach(check -> list.add(check.json()));
        return json;
    }
}
