package dev.registrybackup.notification;

/**
 * That something happened to an ImageStream, or may have.
 *
 * @param namespace the namespace it is said to be in; not empty, and otherwise as it was sent
 * @param name the name it is said to have; not empty, and otherwise as it was sent
 */
public record ImageStreamEvent(String namespace, String name) {}
