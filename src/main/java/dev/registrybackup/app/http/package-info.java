/**
 * Handles HTTP requests before any function runs: paths, deadlines, authorization, status codes. Start with
 * {@link RequestFilter} and {@link OperationRoutes}.
 */
@NullMarked
package dev.registrybackup.app.http;

import org.jspecify.annotations.NullMarked;
