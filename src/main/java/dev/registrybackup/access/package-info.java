/** Who may call: what is asked about a caller's token, how often, and what is made of the answer. */
@NullMarked
package dev.registrybackup.access;

import org.jspecify.annotations.NullMarked;
