/**
 * The test lab: stores, registries, images and faults to run the product against. Never shipped.
 *
 * <p>A <em>store</em> is an S3 server of our own on loopback; a <em>fault</em> is what a store or the network does to
 * one request when a test says so. Whatever is started here is a child process with a folder of its own; both are gone
 * after {@code close()}, and at the latest when the JVM ends.
 */
@NullMarked
package dev.registrybackup.lab;

import org.jspecify.annotations.NullMarked;
