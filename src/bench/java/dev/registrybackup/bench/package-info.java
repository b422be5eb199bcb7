/**
 * What the product costs beside a bare copy, as ratios within one run: {@code mvn -B package -DskipTests -Pbench
 * exec:exec@bench}. Never shipped.
 */
@NullMarked
package dev.registrybackup.bench;

import org.jspecify.annotations.NullMarked;
