/**
 * The edge: the only package that knows Quarkus. It wires everything below in {@link Wiring}, once, with the real
 * clock and randomness, and runs the program as a service or a command.
 */
@NullMarked
package dev.registrybackup.app;

import org.jspecify.annotations.NullMarked;
