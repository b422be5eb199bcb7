package dev.registrybackup.objectstore.s3;

import java.time.Duration;

/**
 * How long a store may take.
 *
 * @param connect to take a connection
 * @param idle to send the next bytes of an answer, or to take more of a request
 * @param smallRequest to answer a request that moves no object's bytes, each attempt
 */
public record S3Timeouts(Duration connect, Duration idle, Duration smallRequest) {}
