/**
 * The program as a command: restore, verify, reconcile, catalog, preflight, operations. Start with {@link
 * CommandLineTool} and {@link Commands}.
 */
@NullMarked
package dev.registrybackup.app.cli;

import org.jspecify.annotations.NullMarked;
