/**
 * Reads what object stores say about their buckets: one payload in any known dialect becomes a {@link
 * dev.registrybackup.event.Notification}. Pure: no I/O and no clock; depends on the JDK and Jackson's tree only.
 *
 * <p>Terms: a <em>record</em> says what happened to one object; an <em>envelope</em> is what a topic, a queue or a text
 * encoding puts around it on the way; a <em>notice</em> is what is left once both are read.
 */
@NullMarked
package dev.registrybackup.event;

import org.jspecify.annotations.NullMarked;
