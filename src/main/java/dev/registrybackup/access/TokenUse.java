package dev.registrybackup.access;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A token and what it is used for, without the token: what is kept in memory for a minute is no secret.
 *
 * @param hash the SHA-256 of both
 */
record TokenUse(String hash) {
    static TokenUse of(String token, String verb) {
        byte[] both = (verb + "\n" + token).getBytes(StandardCharsets.UTF_8);
        return new TokenUse(HexFormat.of().formatHex(SharedSecret.sha256(both)));
    }
}
