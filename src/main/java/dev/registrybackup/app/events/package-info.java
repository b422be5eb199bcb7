/**
 * The Funqy functions: CloudEvents of new objects and ImageStreams, dead letters, schedules, and requests of people.
 * Start with {@link EventFunctions}.
 */
@NullMarked
package dev.registrybackup.app.events;

import org.jspecify.annotations.NullMarked;
