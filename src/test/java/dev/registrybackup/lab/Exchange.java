package dev.registrybackup.lab;

import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.net.URI;
import java.util.Locale;
import java.util.Set;

/** Forwards one request to the store and its response back to the client, on one event loop. */
final class Exchange {

    private static final Set<String> HOP_BY_HOP = Set.of("connection", "keep-alive", "transfer-encoding");

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final S3Request asked;
    private final Fault fault;
    private final Listener listener;
    private long requestBytes;
    private boolean requestRead;
    private boolean aborted;

    /** Receives the events of an exchange. */
    interface Listener {
        /** The store, or a fault in its place, begins to answer. */
        void answered(int status, long requestBytes);

        /** The store's answer, before the client gets it; returns the receiver of its body. */
        AnswerWatcher storeAnswered(long requestBytes, HttpClientResponse answer);
    }

    /** Receives the body of a store's response before the client does. */
    interface AnswerWatcher {
        /** Ignores everything. */
        AnswerWatcher NONE = new AnswerWatcher() {};

        default void piece(Buffer piece) {}

        /** The answer is complete; one of {@code end} and {@code failed} is called, once. */
        default void end() {}

        /** The store closed the connection. */
        default void failed() {}
    }

    Exchange(Vertx vertx, HttpServerRequest request, S3Request asked, Fault fault, Listener listener) {
        this.vertx = vertx;
        this.request = request;
        this.asked = asked;
        this.fault = fault;
        this.listener = listener;
    }

    void begin(HttpClient store, URI address) {
        request.response().closeHandler(clientGone -> aborted = true);
        switch (fault.kind()) {
            case ANSWER ->
                answerInstead(
                        "application/xml",
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + fault.text()
                                + "</Code><Message>lab</Message></Error>");
            case PAGE -> answerInstead("text/html", fault.text());
            case HANG -> request.handler(ignored -> {});
            case DELAY -> {
                request.pause();
                vertx.setTimer(Math.max(1, fault.amount()), timer -> forward(store, address));
            }
            case NONE, CUT_RESPONSE, TRUNCATE_RESPONSE, FLIP_RESPONSE_BIT, CUT_REQUEST -> {
                request.pause();
                forward(store, address);
            }
        }
    }

    private void answerInstead(String contentType, String body) {
        HttpServerResponse response = request.response().setStatusCode((int) fault.amount());
        response.putHeader("Content-Type", contentType);
        if (expectsContinue()) {
            listener.answered((int) fault.amount(), 0);
            // The body won't come, or comes unasked: this connection is no use for another request.
            response.putHeader("Connection", "close").end(body).onComplete(sent -> abort());
            return;
        }
        request.handler(this::count);
        request.endHandler(end -> {
            listener.answered((int) fault.amount(), requestBytes);
            response.end(body);
        });
    }

    private void forward(HttpClient store, URI address) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.valueOf(request.method().name()))
                .setHost(address.getHost())
                .setPort(address.getPort())
                .setURI(request.uri());
        store.request(options).onSuccess(this::send).onFailure(cause -> abort());
    }

    private void send(HttpClientRequest upstream) {
        if (aborted) {
            upstream.reset();
            return;
        }
        copyHeaders(request.headers(), upstream.headers());
        upstream.setChunked(request.headers().contains("Transfer-Encoding"));
        upstream.response().onSuccess(answer -> relayAnswer(answer, upstream)).onFailure(cause -> abort());
        // Without a handler Vert.x logs every cut connection as an error.
        upstream.exceptionHandler(storeGone -> abort());
        request.exceptionHandler(clientGone -> upstream.reset());
        if (expectsContinue()) {
            upstream.continueHandler(goOn -> {
                request.response().writeContinue();
                relayRequestBody(upstream);
            });
            upstream.sendHead();
        } else {
            relayRequestBody(upstream);
        }
    }

    private void relayRequestBody(HttpClientRequest upstream) {
        BodyFault spoiler = BodyFault.ofRequest(fault);
        request.handler(piece -> {
            count(piece);
            Buffer kept = spoiler.apply(piece);
            write(kept, request, upstream);
            if (spoiler.limitReached()) {
                upstream.reset();
                abort();
            }
        });
        request.endHandler(end -> {
            requestRead = true;
            upstream.end();
        });
        request.resume();
    }

    private void relayAnswer(HttpClientResponse answer, HttpClientRequest upstream) {
        AnswerWatcher watcher = listener.storeAnswered(requestBytes, answer);
        listener.answered(answer.statusCode(), requestBytes);
        HttpServerResponse response = request.response();
        BodyFault spoiler = BodyFault.ofResponse(fault);
        relayHead(answer, response, spoiler);
        if (aborted) {
            giveUp(upstream);
        } else if (fault.kind() == Fault.Kind.CUT_RESPONSE && fault.amount() == 0) {
            abort();
        }
        response.closeHandler(clientGone -> giveUp(upstream));
        answer.handler(piece -> {
            watcher.piece(piece);
            relayAnswerPiece(spoiler.apply(piece), spoiler.limitReached(), answer);
        });
        answer.exceptionHandler(storeGone -> {
            watcher.failed();
            abort();
        });
        answer.endHandler(end -> {
            watcher.end();
            finish(upstream);
        });
    }

    private void relayAnswerPiece(Buffer piece, boolean limitReached, HttpClientResponse answer) {
        if (aborted) {
            return;
        }
        if (limitReached && fault.kind() == Fault.Kind.CUT_RESPONSE) {
            aborted = true;
            request.response().write(piece).onComplete(sent -> abort());
        } else {
            write(piece, answer, request.response());
        }
    }

    private void relayHead(HttpClientResponse answer, HttpServerResponse response, BodyFault spoiler) {
        response.setStatusCode(answer.statusCode()).setStatusMessage(answer.statusMessage());
        copyHeaders(answer.headers(), response.headers());
        String length = answer.getHeader("Content-Length");
        if (length == null) {
            response.setChunked(hasBody(answer));
        } else if (fault.kind() == Fault.Kind.TRUNCATE_RESPONSE
                && !asked.method().equals("HEAD")) {
            response.putHeader("Content-Length", Long.toString(Math.min(Long.parseLong(length), spoiler.limit())));
        }
        if (!requestRead) {
            response.putHeader("Connection", "close");
        }
    }

    private void finish(HttpClientRequest upstream) {
        if (aborted) {
            return;
        }
        boolean reusable = requestRead;
        request.response().end().onComplete(sent -> {
            if (!reusable) {
                // The store answered before it had read the body; what is still to come belongs to nobody.
                upstream.reset();
                abort();
            }
        });
    }

    /** A client that leaves stops its download. The answer about a created object is still read to its end. */
    private void giveUp(HttpClientRequest upstream) {
        aborted = true;
        if (!asked.operation().createsObject()) {
            upstream.reset();
        }
    }

    /** All but those that concern one connection; Host stays, the signature covers it. */
    private static void copyHeaders(MultiMap from, MultiMap to) {
        from.forEach((name, value) -> {
            if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                to.add(name, value);
            }
        });
    }

    /** Reads no more until the sink has room again. */
    private static void write(Buffer piece, ReadStream<Buffer> source, WriteStream<Buffer> sink) {
        if (piece.length() == 0) {
            return;
        }
        sink.write(piece);
        if (sink.writeQueueFull()) {
            source.pause();
            sink.drainHandler(drained -> source.resume());
        }
    }

    private boolean hasBody(HttpClientResponse answer) {
        return !asked.method().equals("HEAD") && answer.statusCode() != 204 && answer.statusCode() != 304;
    }

    private boolean expectsContinue() {
        return "100-continue".equalsIgnoreCase(request.getHeader("Expect"));
    }

    private void count(Buffer piece) {
        requestBytes += piece.length();
    }

    private void abort() {
        aborted = true;
        request.connection().close();
    }
}
