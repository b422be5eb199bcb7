package dev.registrybackup.app.auth;

import dev.registrybackup.registry.DigestAlgorithm;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A secret that both sides know; keeps only its hash. Safe for use by many threads. */
public final class SharedSecret {
    private final byte[] hash;

    public SharedSecret(String secret) {
        hash = sha256(secret);
    }

    /** Whether the text is the secret. Compares complete hashes, so that the time reveals nothing. */
    public boolean matches(String given) {
        return MessageDigest.isEqual(hash, sha256(given));
    }

    static byte[] sha256(String text) {
        return DigestAlgorithm.SHA256.newMessageDigest().digest(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "SharedSecret";
    }
}
