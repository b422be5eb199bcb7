package dev.registrybackup.objectstore.directory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.directory.DirectoryErrors.FileErrorException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Reads the file that was opened, even if another one is moved into its place meanwhile. */
final class OpenFile extends InputStream implements OpenObject {
    /** The JDK keeps a buffer outside of the heap for each thread, as large as the largest read. */
    private static final int MAX_READ_BYTES = 64 << 10;

    private final ObjectInfo info;
    private final FileChannel channel;
    private long position;
    private long remaining;

    private OpenFile(ObjectInfo info, FileChannel channel, ByteRange range) {
        this.info = info;
        this.channel = channel;
        this.position = range.offset();
        this.remaining = Math.min(info.size() - range.offset(), range.length());
    }

    /**
     * Opens the file.
     *
     * @param lastModified when the file found there was written; it may have been replaced since
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed with what is returned
    static OpenFile open(Path file, String key, Instant lastModified, Optional<ByteRange> range) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        try {
            long size = channel.size();
            if (range.filter(bytes -> bytes.offset() >= size).isPresent()) {
                throw new FileErrorException(StoreError.PRECONDITION_FAILED, "it has %d bytes now".formatted(size));
            }
            ObjectInfo info = new ObjectInfo(key, size, "", lastModified, Map.of(), Optional.empty());
            return new OpenFile(info, channel, range.orElse(new ByteRange(0, Long.MAX_VALUE)));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public ObjectInfo info() {
        return info;
    }

    @Override
    public InputStream stream() {
        return this;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (remaining == 0) {
            return -1;
        }
        int wanted = (int) Math.min(Math.min(remaining, length), MAX_READ_BYTES);
        int count = channel.read(ByteBuffer.wrap(buffer, offset, wanted), position);
        if (count < 0) {
            // A registry writes its links in place, so that a file may be shortened under its reader.
            throw new EOFException("Ended at byte %d, %d too early".formatted(position, remaining));
        }
        position += count;
        remaining -= count;
        return count;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // All bytes that were wanted have been read.
            return;
        }
    }
}
