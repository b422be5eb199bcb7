package dev.registrybackup.app.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A secret that both sides know; keeps only its hash. Safe for use by many threads. */
public final class SharedSecret {
    private final byte[] hash;

    /** Keeps the hash of this secret. */
    public SharedSecret(String secret) {
        hash = sha256(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether the text is the secret. Compares complete hashes, so that the time reveals nothing. */
    public boolean matches(String given) {
        return MessageDigest.isEqual(hash, sha256(given.getBytes(StandardCharsets.UTF_8)));
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "SharedSecret";
    }
}
