package dev.registrybackup.lab;

import java.io.InputStream;
import java.util.Objects;
import java.util.Random;

/**
 * A gzip's header and then random bytes: image tools look at the first bytes only, and would compress, that is change,
 * a layer that did not begin like a gzip.
 */
final class LayerStream extends InputStream {

    private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
    private static final int PIECE = 1 << 16;

    private final Random random;
    private final long size;
    private final byte[] piece = new byte[PIECE];
    private long position;

    LayerStream(long seed, long size) {
        random = new Random(seed);
        this.size = size;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            // At a piece's beginning it would else be made twice.
            return 0;
        }
        if (position == size) {
            return -1;
        }
        int inPiece = (int) (position % PIECE);
        if (inPiece == 0) {
            nextPiece();
        }
        int count = (int) Math.min(Math.min(length, PIECE - inPiece), size - position);
        System.arraycopy(piece, inPiece, target, offset, count);
        position += count;
        return count;
    }

    private void nextPiece() {
        random.nextBytes(piece);
        if (position == 0) {
            System.arraycopy(GZIP_HEADER, 0, piece, 0, GZIP_HEADER.length);
        }
    }
}
