/**
 * Content addressing: what bytes are supposed to be, and the proof that they are. Depends on the JDK only.
 */
@NullMarked
package dev.registrybackup.content;

import org.jspecify.annotations.NullMarked;
