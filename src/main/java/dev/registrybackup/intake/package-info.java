/**
 * Takes events: decodes them, has each object replicated, and answers in time and honestly, with what is not done in time
 * durably recorded as owed.
 */
@NullMarked
package dev.registrybackup.intake;

import org.jspecify.annotations.NullMarked;
