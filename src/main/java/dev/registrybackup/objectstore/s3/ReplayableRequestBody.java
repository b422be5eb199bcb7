package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ContentSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ContentStreamProvider;

/**
 * Content as the SDK asks for it: once an attempt, or twice where it is signed by its hash. The stream of the attempt before is closed by the next one, and the
 * last one on close, which returns or cuts its connection to the other store.
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
                // The bytes are not wanted any more: how their stream ends is of no interest.
                return;
            }
        }
    }
}
