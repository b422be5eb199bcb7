/**
 * Threads and their limits: worker pools, bounded groups of tasks, one run at a time for each key, the bandwidth limit,
 * and keys cached for a time. Only {@link WorkerPools} creates threads. Start there.
 */
@NullMarked
package dev.registrybackup.concurrent;

import org.jspecify.annotations.NullMarked;
