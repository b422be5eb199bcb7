package dev.registrybackup.lab;

import dev.registrybackup.lab.Exchange.AnswerWatcher;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Detects created objects from the requests that pass the proxy, and has them delivered as notifications. */
final class Notifications implements AutoCloseable {

    private final String watchedBucket;
    private final Clock clock;
    private final S3Client store;
    private final Delivery delivery = new Delivery();

    Notifications(S3Endpoint endpoint, String watchedBucket, Clock clock) {
        this.watchedBucket = watchedBucket;
        this.clock = clock;
        store = endpoint.client();
    }

    /** Counts as undelivered from here on, so that a client that has its answer finds its notification waited for. */
    AnswerWatcher storeAnswered(S3Request asked, long requestBytes, HttpClientResponse answer) {
        boolean made = answer.statusCode() >= 200 && answer.statusCode() < 300;
        if (!made || !asked.operation().createsObject() || !asked.bucket().equals(watchedBucket)) {
            return AnswerWatcher.NONE;
        }
        delivery.expect();
        return new Announcement(stored(asked, requestBytes, answer));
    }

    private StoredObject stored(S3Request asked, long requestBytes, HttpClientResponse answer) {
        String version = answer.getHeader("x-amz-version-id");
        Instant now = clock.instant();
        if (asked.operation() != Operation.PUT_OBJECT) {
            return new StoredObject(
                    asked.bucket(), asked.key(), asked.operation(), now, null, null, version == null ? "" : version);
        }
        long size = asked.header("x-amz-decoded-content-length")
                .map(Long::parseLong)
                .orElse(requestBytes);
        String entityTag = answer.getHeader("ETag");
        return new StoredObject(
                asked.bucket(),
                asked.key(),
                asked.operation(),
                now,
                size,
                unquoted(entityTag),
                version == null ? "" : version);
    }

    /** Only the store knows the size of a copy or of a multipart object; one that was deleted since has none. */
    private StoredObject complete(StoredObject stored) {
        if (stored.size() != null) {
            return stored;
        }
        try {
            HeadObjectResponse head =
                    store.headObject(request -> request.bucket(stored.bucket()).key(stored.key()));
            return stored.with(head.contentLength(), unquoted(head.eTag()));
        } catch (S3Exception gone) {
            return stored;
        }
    }

    private static String unquoted(@Nullable String entityTag) {
        return entityTag == null ? "" : entityTag.replace("\"", "");
    }

    void notifyTo(URI target) {
        delivery.notifyTo(target);
    }

    void hold() {
        delivery.hold();
    }

    void repeatEvery(int number) {
        delivery.repeatEvery(number);
    }

    void awaitDelivered(Duration bound) {
        delivery.awaitDelivered(bound);
    }

    long undelivered() {
        return delivery.undelivered();
    }

    @Override
    public void close() {
        delivery.close();
        store.close();
    }

    /** Waits for the answer's end: a copy and a completed upload may say 200 and an error in the body. */
    private final class Announcement implements AnswerWatcher {
        private final StoredObject stored;
        private final Buffer body = Buffer.buffer();

        private Announcement(StoredObject stored) {
            this.stored = stored;
        }

        @Override
        public void piece(Buffer piece) {
            body.appendBuffer(piece);
        }

        @Override
        public void end() {
            if (body.toString().contains("<Error>")) {
                delivery.forget();
            } else {
                delivery.deliver(
                        id -> complete(stored).notification(id).toBuffer().getBytes());
            }
        }

        @Override
        public void failed() {
            delivery.forget();
        }
    }
}
