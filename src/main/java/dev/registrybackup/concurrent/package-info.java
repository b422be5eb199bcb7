/**
 * Threads and what bounds them: the worker pools of this program, groups of tasks, one run for each key at a time, the
 * bandwidth limit, keys that are remembered for a time. Only {@link WorkerPools} creates threads. Start there.
 */
@NullMarked
package dev.registrybackup.concurrent;

import org.jspecify.annotations.NullMarked;
