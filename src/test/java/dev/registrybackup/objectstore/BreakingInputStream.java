package dev.registrybackup.objectstore;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.util.function.Supplier;

/** Gives some bytes, and then throws at every read. */
final class BreakingInputStream extends FilterInputStream {
    private final Supplier<? extends Exception> failure;

    BreakingInputStream(byte[] bytes, int good, Supplier<? extends Exception> failure) {
        super(new ByteArrayInputStream(bytes, 0, good));
        this.failure = failure;
    }

    @Override
    public int read() throws IOException {
        int next = super.read();
        return next < 0 ? fail() : next;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        return count < 0 ? fail() : count;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private int fail() throws IOException {
        Exception broken = failure.get();
        if (broken instanceof IOException io) {
            throw io;
        }
        throw (RuntimeException) broken;
    }
}
