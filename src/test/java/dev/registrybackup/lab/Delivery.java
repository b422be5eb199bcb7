package dev.registrybackup.lab;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Posts notifications, several at once, and repeats each until it is accepted.
 *
 * <p>Its threads are the only ones that post; state they share with the proxy's event loop and with tests is atomic or
 * under this object's lock.
 */
final class Delivery implements AutoCloseable {

    private static final int CONCURRENCY = 8;
    private static final Duration ANSWER_BOUND = Duration.ofSeconds(10);
    private static final long RETRY_DELAY_MILLIS = 100;

    private final ScheduledThreadPoolExecutor workers = new ScheduledThreadPoolExecutor(CONCURRENCY, Delivery::thread);
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(ANSWER_BOUND)
            .build();
    private final Random shuffle = new Random(7);
    private final List<Message> held = new ArrayList<>();
    private final AtomicLong sequence = new AtomicLong();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong undelivered = new AtomicLong();
    private @Nullable URI target;
    private int repeatEvery;

    /** What makes the body, given the message's id. */
    private record Message(String id, Function<String, byte[]> body) {}

    /** A message is to come, or not, if {@link #forget()} is called. */
    void expect() {
        undelivered.incrementAndGet();
    }

    void forget() {
        undelivered.decrementAndGet();
    }

    /** Follows an {@link #expect()}. */
    void deliver(Function<String, byte[]> body) {
        long number = sequence.incrementAndGet();
        Message message = new Message("lab-" + number, body);
        if (isRepeated(number)) {
            expect();
            later(message, 0);
        }
        later(message, 0);
    }

    synchronized void notifyTo(URI newTarget) {
        target = newTarget;
        List<Message> released = new ArrayList<>(held);
        held.clear();
        Collections.shuffle(released, shuffle);
        released.forEach(message -> later(message, 0));
    }

    synchronized void hold() {
        target = null;
    }

    synchronized void repeatEvery(int number) {
        repeatEvery = number;
    }

    private synchronized boolean isRepeated(long number) {
        return repeatEvery > 0 && number % repeatEvery == 0;
    }

    /** Where to post this, or nothing, and then it is kept until there is somewhere. */
    private synchronized @Nullable URI targetOrHold(Message message) {
        if (target == null) {
            held.add(message);
        }
        return target;
    }

    private void later(Message message, long millis) {
        var unused = workers.schedule(() -> attempt(message), millis, TimeUnit.MILLISECONDS);
    }

    private void attempt(Message message) {
        URI to = targetOrHold(message);
        if (to == null) {
            return;
        }
        if (post(to, message)) {
            delivered.incrementAndGet();
            undelivered.decrementAndGet();
        } else {
            failed.incrementAndGet();
            later(message, RETRY_DELAY_MILLIS);
        }
    }

    private boolean post(URI to, Message message) {
        try {
            HttpRequest request = HttpRequest.newBuilder(to)
                    .timeout(ANSWER_BOUND)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofByteArray(message.body.apply(message.id)))
                    .build();
            return http.send(request, BodyHandlers.discarding()).statusCode() / 100 == 2;
        } catch (IOException | SdkException noAnswer) {
            return false;
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void awaitDelivered(Duration bound) {
        Awaitility.await("notifications delivered (taken " + delivered + ", refused " + failed + ")")
                .atMost(bound)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> undelivered.get() == 0);
    }

    long undelivered() {
        return undelivered.get();
    }

    @Override
    public void close() {
        workers.setRejectedExecutionHandler((task, executor) -> {});
        workers.shutdownNow();
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "lab-delivery");
        thread.setDaemon(true);
        return thread;
    }
}
