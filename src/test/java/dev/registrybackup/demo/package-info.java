/** The main job on the embedded default, for everybody to see: see the README's first command. Never shipped. */
@NullMarked
package dev.registrybackup.demo;

import org.jspecify.annotations.NullMarked;
