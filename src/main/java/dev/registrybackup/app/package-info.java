/**
 * The edge: the only package that knows Quarkus. {@link Wiring} wires everything below once, with the real clock and
 * randomness. Runs the program as a service or a command.
 */
@NullMarked
package dev.registrybackup.app;

import org.jspecify.annotations.NullMarked;
