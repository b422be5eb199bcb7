package dev.registrybackup.notification;

import java.util.List;

/**
 * What one payload says. If both lists are empty there is nothing to do and nothing wrong: a test event, a removal, or
 * another kind of event that creates no object.
 *
 * @param objects the objects said to be created, in the payload's order
 * @param problems one message for each record that could not be understood
 */
public record Notification(List<ObjectCreated> objects, List<String> problems) {
    static final Notification EMPTY = new Notification(List.of(), List.of());

    /** Keeps copies of both lists. */
    public Notification {
        objects = List.copyOf(objects);
        problems = List.copyOf(problems);
    }

    static Notification of(ObjectCreated object) {
        return new Notification(List.of(object), List.of());
    }

    static Notification ofProblem(String message) {
        return new Notification(List.of(), List.of(message));
    }

    static Notification combine(List<Notification> parts) {
        return new Notification(
                parts.stream().flatMap(part -> part.objects.stream()).toList(),
                parts.stream().flatMap(part -> part.problems.stream()).toList());
    }
}
