/**
 * The configuration: properties, their defaults, and the checks that stop the start. The documentation of each
 * property is docs/configuration.md, which a test compares with this package. Start with {@link Settings}.
 */
@NullMarked
package dev.registrybackup.app.config;

import org.jspecify.annotations.NullMarked;
