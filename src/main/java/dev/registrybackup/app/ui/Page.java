package dev.registrybackup.app.ui;

/**
 * A rendered page.
 *
 * @param status the HTTP status
 * @param html the HTML
 */
public record Page(int status, String html) {}
