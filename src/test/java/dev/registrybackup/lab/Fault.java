package dev.registrybackup.lab;

import java.time.Duration;

/** A fault of one request; {@code amount} is a status, milliseconds or bytes; {@code text} a code or a page. */
public record Fault(Kind kind, long amount, String text) {

    static final Fault NONE = new Fault(Kind.NONE, 0, "");

    /** The kinds of faults. */
    public enum Kind {
        NONE,
        ANSWER,
        PAGE,
        HANG,
        DELAY,
        CUT_RESPONSE,
        TRUNCATE_RESPONSE,
        FLIP_RESPONSE_BIT,
        CUT_REQUEST
    }

    /** The store never sees the request; the client gets this status and S3 error code. */
    public static Fault answer(int status, String code) {
        return new Fault(Kind.ANSWER, status, code);
    }

    /** The store never sees the request: something in front of it answers with this status and page, which may be empty. */
    public static Fault page(int status, String html) {
        return new Fault(Kind.PAGE, status, html);
    }

    /** 500 InternalError. */
    public static Fault internalError() {
        return answer(500, "InternalError");
    }

    /** 503 SlowDown. */
    public static Fault slowDown() {
        return answer(503, "SlowDown");
    }

    /** The request is taken and never answered, until the proxy is healed or closed, which cuts the connection. */
    public static Fault hang() {
        return new Fault(Kind.HANG, 0, "");
    }

    /** The store sees the request later. */
    public static Fault delay(Duration delay) {
        return new Fault(Kind.DELAY, delay.toMillis(), "");
    }

    /**
     * The connection is cut after so many bytes of the body, short of what Content-Length promised. With 0 not even
     * the head is sent: the store did what it was asked, and the client can't know.
     */
    public static Fault cutResponse(long bodyBytes) {
        return new Fault(Kind.CUT_RESPONSE, bodyBytes, "");
    }

    /** The answer is valid HTTP, with a matching Content-Length, but ends after so many bytes. */
    public static Fault truncateResponse(long bodyBytes) {
        return new Fault(Kind.TRUNCATE_RESPONSE, bodyBytes, "");
    }

    /** The lowest bit of the body's byte at this offset is flipped. */
    public static Fault flipResponseBit(long offset) {
        return new Fault(Kind.FLIP_RESPONSE_BIT, offset, "");
    }

    /** Both connections are cut once so many bytes of the request's body have come. */
    public static Fault cutRequest(long bodyBytes) {
        return new Fault(Kind.CUT_REQUEST, bodyBytes, "");
    }
}
