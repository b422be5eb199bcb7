package dev.registrybackup.point;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.point.Point.State;
import java.util.List;

/**
 * Points together.
 *
 * @param points in the order in which they were looked at
 */
public record Points(List<Point> points) {
    /** Keeps its own copy of the list. */
    public Points {
        points = List.copyOf(points);
    }

    /** Those that are not so. */
    public List<Point> missing() {
        return points.stream().filter(point -> point.state() == State.MISSING).toList();
    }

    /** The form in answers; {@code ready} only if all is known to be so, or hinders nothing. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("ready", points.stream().allMatch(point -> point.state() == State.OK || point.state() == State.NOTE));
        ArrayNode list = json.putArray("points");
        points.forEach(point -> list.add(point.json()));
        return json;
    }
}
