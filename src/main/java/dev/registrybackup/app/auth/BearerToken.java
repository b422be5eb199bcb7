package dev.registrybackup.app.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The Authorization header of a caller with a token. */
public final class BearerToken {
    private static final String SCHEME = "Bearer ";

    private BearerToken() {}

    /** The token, as it was sent; empty without a header, or with one of another scheme. */
    public static Optional<String> token(@Nullable String authorization) {
        return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(authorization.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
