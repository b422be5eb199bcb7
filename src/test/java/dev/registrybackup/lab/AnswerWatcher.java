package dev.registrybackup.lab;

import io.vertx.core.buffer.Buffer;

/** Receives the body of a store's response before the client does. */
interface AnswerWatcher {

    /** Ignores everything. */
    AnswerWatcher NONE = new AnswerWatcher() {
        @Override
        public void piece(Buffer piece) {}

        @Override
        public void end() {}

        @Override
        public void failed() {}
    };

    void piece(Buffer piece);

    /** The answer is complete; one of {@code end} and {@code failed} is called, once. */
    void end();

    /** The store closed the connection. */
    void failed();
}
