package dev.registrybackup.lab;

import java.util.Random;

/** Content for tests. */
public final class RandomBytes {

    private RandomBytes() {}

    /** So many random bytes; always the same for one size. */
    public static byte[] of(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
