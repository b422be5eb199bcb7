package dev.registrybackup.app.ui;

/**
 * A page as it is answered.
 *
 * @param status its HTTP status
 * @param html its text
 */
public record Page(int status, String html) {}
