package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import java.util.List;

/**
 * Points together.
 *
 * @param points in the order in which they were looked at
 */
public record CheckReport(List<Check> points) {
    /** Keeps its own copy of the list. */
    public CheckReport {
        points = List.copyOf(points);
    }

    /** Those that are not so. */
    public List<Check> missing() {
        return points.stream().filter(check -> check.state() == State.MISSING).toList();
    }

    /** The form in answers; {@code ready} only if all is known to be so, or hinders nothing. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("ready", points.stream().allMatch(check -> check.state() == State.OK || check.state() == State.NOTE));
        ArrayNode list = json.putArray("points");
        points.forEach(check -> list.add(check.json()));
        return json;
    }
}
