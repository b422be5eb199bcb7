/**
 * The HTTP routes: paths, deadlines, authorization and status codes before any function runs, and the API and the page
 * for people. Start with {@link RequestFilter}, then {@link OperationRoutes}.
 */
@NullMarked
package dev.registrybackup.app.http;

import org.jspecify.annotations.NullMarked;
