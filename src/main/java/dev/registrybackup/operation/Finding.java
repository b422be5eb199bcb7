package dev.registrybackup.operation;

/**
 * One problem found.
 *
 * @param code the kind of problem
 * @param subject the affected key, image or digest
 * @param problem what is wrong and what to do, for people
 */
public record Finding(FindingCode code, String subject, String problem) {}
