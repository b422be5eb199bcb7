package dev.registrybackup.lab;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.Locale;
import java.util.Set;

/** Copies headers and bodies unchanged. */
final class PassThrough {

    private static final Set<String> HOP_BY_HOP = Set.of("connection", "keep-alive", "transfer-encoding");

    private PassThrough() {}

    /** All but those that concern one connection; Host stays, the signature covers it. */
    static void headers(MultiMap from, MultiMap to) {
        from.forEach((name, value) -> {
            if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                to.add(name, value);
            }
        });
    }

    /** Reads no more until the sink has room again. */
    static void piece(Buffer piece, ReadStream<Buffer> source, WriteStream<Buffer> sink) {
        if (piece.length() == 0) {
            return;
        }
        sink.write(piece);
        if (sink.writeQueueFull()) {
            source.pause();
            sink.drainHandler(drained -> source.resume());
        }
    }
}
