/** How a log line is written. Start with {@link LogEvent}. */
@NullMarked
package dev.registrybackup.logging;

import org.jspecify.annotations.NullMarked;
