/**
 * The configuration: the properties and their defaults in {@link Configuration}, the checks that stop the start in
 * {@link Settings}. A test compares the properties with docs/configuration.md, which describes each. Start with {@link
 * Configuration}.
 */
@NullMarked
package dev.registrybackup.app.config;

import org.jspecify.annotations.NullMarked;
