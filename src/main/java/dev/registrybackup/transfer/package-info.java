/**
 * Moves objects from the registry's bucket into the backup, proved before they are visible, each once, and owns the
 * threads that do so. <i>Lane</i>: the threads of one kind of work; a place in one is held only while one object's bytes
 * move.
 */
@NullMarked
package dev.registrybackup.transfer;

import org.jspecify.annotations.NullMarked;
