/**
 * Long work that is asked for once, watched from anywhere, and outlives the process that does it. <i>Attempt</i>: one
 * process's go at it; the newest is the operation's state, and any older one stops before its next write. <i>Slot</i>: what
 * an operation needs for itself alone. <i>Lost</i>: nobody works on it and nobody has ended it.
 */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
