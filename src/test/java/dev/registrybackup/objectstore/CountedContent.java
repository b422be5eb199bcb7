package dev.registrybackup.objectstore;

import java.io.IOException;
import java.io.InputStream;

/** Content whose every opening a test decides on, by its number from 1, and that counts them. One thread at a time. */
public final class CountedContent implements ContentSource {
    private final long size;
    private final Opening opening;
    private int openings;

    /** What the opening of that number gives. */
    public interface Opening {
        InputStream open(int number) throws IOException;
    }

    public CountedContent(long size, Opening opening) {
        this.size = size;
        this.opening = opening;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public InputStream open() throws IOException {
        return opening.open(++openings);
    }

    public int openings() {
        return openings;
    }
}
