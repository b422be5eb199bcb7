package dev.registrybackup.lab;

import io.vertx.core.buffer.Buffer;

/** Sees the body of a store's answer before the client does. */
interface AnswerWatcher {

    /** Looks at nothing. */
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

    /** The store broke off. */
    void failed();
}
