/**
 * Decodes what object stores send about their buckets: one payload in any known dialect becomes a {@link
 * Notification}. Pure: no input or output. Start with {@link NotificationDecoder}.
 */
@NullMarked
package dev.registrybackup.notification;

import org.jspecify.annotations.NullMarked;
