package dev.registrybackup.notification;

import java.util.List;

/**
 * The content of one payload. Both lists are empty for a valid event that creates no object, such as a test event or a
 * deletion.
 *
 * @param objects the created objects, in the payload's order
 * @param problems one message for each part that cannot be decoded
 */
public record Notification(List<ObjectCreated> objects, List<String> problems) {
    static final Notification EMPTY = new Notification(List.of(), List.of());

    /** Copies both lists. */
    public Notification {
        objects = List.copyOf(objects);
        problems = List.copyOf(problems);
    }

    static Notification combine(List<Notification> parts) {
        return new Notification(
                parts.stream().flatMap(part -> part.objects.stream()).toList(),
                parts.stream().flatMap(part -> part.problems.stream()).toList());
    }
}
