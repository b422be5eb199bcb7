/**
 * The edge: the only packages that know Quarkus. Runs the program as a service or a command. Start with {@link Main};
 * {@link Wiring} builds everything below once, with the real clock and randomness, and {@link OnDemandOperations}
 * serves what people ask.
 */
@NullMarked
package dev.registrybackup.app;

import org.jspecify.annotations.NullMarked;
