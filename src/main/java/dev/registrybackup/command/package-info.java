/** The program as a command: the same restores and verifications as over HTTP, for a shell or a Job. */
@NullMarked
package dev.registrybackup.command;

import org.jspecify.annotations.NullMarked;
