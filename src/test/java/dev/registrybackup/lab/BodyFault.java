package dev.registrybackup.lab;

import io.vertx.core.buffer.Buffer;

/** Damages one body as it passes: cuts it at a limit, or flips one bit. Used by one event loop. */
final class BodyFault {

    private final long limit;
    private final long flipAt;
    private long position;

    private BodyFault(long limit, long flipAt) {
        this.limit = limit;
        this.flipAt = flipAt;
    }

    static BodyFault ofRequest(Fault fault) {
        return new BodyFault(fault.kind() == Fault.Kind.CUT_REQUEST ? fault.amount() : Long.MAX_VALUE, -1);
    }

    static BodyFault ofResponse(Fault fault) {
        boolean limited = fault.kind() == Fault.Kind.CUT_RESPONSE || fault.kind() == Fault.Kind.TRUNCATE_RESPONSE;
        boolean flipped = fault.kind() == Fault.Kind.FLIP_RESPONSE_BIT;
        return new BodyFault(limited ? fault.amount() : Long.MAX_VALUE, flipped ? fault.amount() : -1);
    }

    /** What is left of the next piece; may be empty. */
    Buffer apply(Buffer next) {
        long start = position;
        position += next.length();
        Buffer kept = next.slice(0, (int) Math.max(0, Math.min(next.length(), limit - start)));
        if (flipAt < start || flipAt >= start + kept.length()) {
            return kept;
        }
        int index = (int) (flipAt - start);
        Buffer damaged = kept.copy();
        return damaged.setByte(index, (byte) (damaged.getByte(index) ^ 1));
    }

    boolean limitReached() {
        return position >= limit;
    }

    long limit() {
        return limit;
    }
}
