package dev.registrybackup.notification;

/**
 * A hint that an ImageStream was created, changed or deleted.
 *
 * @param namespace its namespace as sent, not empty and otherwise unchecked
 * @param name its name as sent, not empty and otherwise unchecked
 */
public record ImageStreamEvent(String namespace, String name) {}
