package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ContentSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ContentStreamProvider;

/**
 * Opens the content each time the SDK asks for it: once an attempt, or twice if the payload's hash is signed. Opening
 * closes the previous stream, and {@link #close} the last one, which ends its connection to the other store.
 */
final class ReplayableRequestBody implements ContentStreamProvider, AutoCloseable {
    private final ContentSource content;
    private @Nullable InputStream openStream;

    ReplayableRequestBody(ContentSource content) {
        this.content = content;
    }

    @Override
    public InputStream newStream() {
        close();
        try {
            InputStream opened = content.open();
            openStream = opened;
            return opened;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        InputStream before = openStream;
        openStream = null;
        if (before != null) {
            try {
                before.close();
            } catch (IOException e) {
                // The bytes are no longer needed, so a failure to close their stream does not matter.
                return;
            }
        }
    }
}
