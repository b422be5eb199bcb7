package dev.registrybackup.objectstore.s3;

import java.time.Duration;

/**
 * The timeouts of requests to a store.
 *
 * @param connect how long the store may take to accept a connection
 * @param idle how long it may take to send the next bytes of a response, or to accept more of a request
 * @param smallRequest how long each attempt of a request may take that transfers no object's bytes
 */
public record S3Timeouts(Duration connect, Duration idle, Duration smallRequest) {}
