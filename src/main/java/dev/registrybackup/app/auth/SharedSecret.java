package dev.registrybackup.app.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Something that both sides know, and that only its hash is kept of. Safe for use by many threads. */
public final class SharedSecret {
    private final byte[] hash;

    /** This one. */
    public SharedSecret(String secret) {
        hash = sha256(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether it is that, told in a time that depends on neither: hashes are compared, all of them. */
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
