/**
 * The edge: functions, routes, configuration, health, metrics, and the wiring of everything below. The only place that
 * imports Quarkus.
 */
@NullMarked
package dev.registrybackup.function;

import org.jspecify.annotations.NullMarked;
