/**
 * The Funqy functions: CloudEvents of new objects and ImageStreams, dead letters, and schedules. Start with {@link
 * EventFunctions}.
 */
@NullMarked
package dev.registrybackup.app.events;

import org.jspecify.annotations.NullMarked;
