/** Long work that is asked for once, watched from anywhere, and outlives the process that does it. */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
