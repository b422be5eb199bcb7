package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** A GET under way. */
final class S3OpenObject implements OpenObject {
    private final ObjectInfo info;
    private final ResponseInputStream<?> response;
    private final CountingInputStream stream;

    S3OpenObject(ObjectInfo info, ResponseInputStream<GetObjectResponse> answer) {
        this.info = info;
        this.response = answer;
        this.stream = new CountingInputStream(answer, answer.response().contentLength());
    }

    /**
     * Takes over the answer, or gives up its connection if it does not tell what it must.
     *
     * @throws SdkClientException if it does not
     */
    static S3OpenObject of(String key, ResponseInputStream<GetObjectResponse> answer) {
        try {
            return new S3OpenObject(S3Responses.toObjectInfo(key, answer.response()), answer);
        } catch (SdkClientException e) {
            answer.abort();
            throw e;
        }
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
                // Closing would read the rest, which may be gigabytes; this gives up the connection instead.
                response.abort();
            }
            response.close();
        } catch (IOException e) {
            // All bytes that were wanted have been read: the connection's fate is the pool's matter.
            return;
        }
    }

    /** Knows how many bytes are left, so that a finished read gives its connection back to the pool. */
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
