/**
 * The program as a command: parses the command line, asks {@link Backend} as the HTTP API does, and prints the answer.
 * Start with {@link CommandLineTool}; {@link Commands} has the commands and their options.
 */
@NullMarked
package dev.registrybackup.app.cli;

import org.jspecify.annotations.NullMarked;
