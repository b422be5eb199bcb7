package dev.registrybackup.objectstore;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Content that counts how often it is opened; a test decides what each opening, numbered from 1, returns. For one thread. */
public final class CountedContent implements ContentSource {
    private final long size;
    private final StreamFactory streamFactory;
    private int openCount;

    /** The stream of this opening. */
    public interface StreamFactory {
        InputStream open(int number) throws IOException;
    }

    public CountedContent(long size, StreamFactory streamFactory) {
        this.size = size;
        this.streamFactory = streamFactory;
    }

    /** Content whose first opening breaks in the middle. */
    static CountedContent breakingOnce(byte[] content) {
        return new CountedContent(
                content.length,
                number -> number == 1
                        ? new BreakingInputStream(content, content.length / 2, () -> new IOException("cut"))
                        : new ByteArrayInputStream(content));
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public InputStream open() throws IOException {
        return streamFactory.open(++openCount);
    }

    public int openCount() {
        return openCount;
    }
}
