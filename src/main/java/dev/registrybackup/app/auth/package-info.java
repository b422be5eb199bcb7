/**
 * Who may call: a bearer token is reviewed by the cluster, or compared with the configured one. If authorization
 * cannot be determined, the request is denied. Start with {@link Authorizer}.
 */
@NullMarked
package dev.registrybackup.app.auth;

import org.jspecify.annotations.NullMarked;
