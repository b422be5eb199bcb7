package dev.registrybackup.operation;

/**
 * One thing that is wrong.
 *
 * @param code what it is
 * @param subject the key, image or digest it is about
 * @param problem what is the matter, for a human, and what to do about it
 */
public record Finding(FindingCode code, String subject, String problem) {}
