/** The demonstration of the README: push, replicate, wipe and restore on an embedded store. Never shipped. */
@NullMarked
package dev.registrybackup.demo;

import org.jspecify.annotations.NullMarked;
