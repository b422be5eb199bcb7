package dev.registrybackup.app.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Parses the Authorization header. */
public final class BearerToken {
    private static final String SCHEME = "Bearer ";

    private BearerToken() {}

    /** The token as sent; empty without a header or with another scheme. */
    public static Optional<String> token(@Nullable String authorization) {
        return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(authorization.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
