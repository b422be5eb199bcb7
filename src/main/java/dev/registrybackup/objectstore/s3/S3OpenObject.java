package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.http.AbortableInputStream;

/** A running GET. */
final class S3OpenObject implements OpenObject {
    private final ObjectInfo info;
    private final AbortableInputStream body;
    private final CountingInputStream stream;

    /** Takes over the response's body, which has this many bytes. */
    S3OpenObject(ObjectInfo info, AbortableInputStream body, long length) {
        this.info = info;
        this.body = body;
        this.stream = new CountingInputStream(body, length);
    }

    @Override
    public ObjectInfo info() {
        return info;
    }

    @Override
    public InputStream stream() {
        return stream;
    }

    @Override
    public void close() {
        try {
            if (stream.remaining > 0) {
                // Closing would read the rest, which may be gigabytes. Aborting drops the connection instead.
                body.abort();
            }
            body.close();
        } catch (IOException e) {
            // The caller has the bytes that it needed, and the pool handles a broken connection.
            return;
        }
    }

    /** Counts the remaining bytes, so that a complete read returns its connection to the pool. */
    private static final class CountingInputStream extends FilterInputStream {
        private long remaining;

        CountingInputStream(InputStream in, long length) {
            super(in);
            this.remaining = length;
        }

        @Override
        public int read() throws IOException {
            int next = super.read();
            remaining -= next < 0 ? 0 : 1;
            return next;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            remaining -= Math.max(count, 0);
            return count;
        }
    }
}
