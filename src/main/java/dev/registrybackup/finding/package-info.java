/** What is found wrong in a store: the failure modes of a registry's storage, named and graded. */
@NullMarked
package dev.registrybackup.finding;

import org.jspecify.annotations.NullMarked;
