/**
 * What was looked at before something is begun, and how it stands: points, with what mends them.
 */
@NullMarked
package dev.registrybackup.point;

import org.jspecify.annotations.NullMarked;
