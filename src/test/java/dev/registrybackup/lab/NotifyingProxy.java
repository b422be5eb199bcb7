package dev.registrybackup.lab;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * A proxy before an S3 store without notifications, which sends them as a persistent topic of a Ceph RGW would:
 * at least once, out of order, again until the receiver says 2xx.
 *
 * <p>Bodies and signatures pass untouched, so clients use the store's own credentials with {@link #endpoint()}. Every
 * request to any bucket is recorded, and gets the fault that a test has injected.
 */
public final class NotifyingProxy implements AutoCloseable {

    private static final Duration START_BOUND = Duration.ofSeconds(20);
    private static final int MAX_CONNECTIONS = 512;

    private final S3Endpoint store;
    private final AtomicLong sequence = new AtomicLong();
    // Written by the event loop, read and emptied by test threads.
    private final ConcurrentSkipListMap<Long, RecordedRequest> requests = new ConcurrentSkipListMap<>();
    // Written by test threads, read by the event loop.
    private final List<FaultRule> faults = new CopyOnWriteArrayList<>();
    private final Notifications notifications;
    private final Vertx vertx = vertx();
    private final HttpClient client;
    private final HttpServer server;
    /** Guarded by this. */
    private final Set<HttpConnection> hanging = new HashSet<>();

    private NotifyingProxy(S3Endpoint store, String watchedBucket) {
        this.store = store;
        notifications = new Notifications(store, watchedBucket, Clock.systemUTC());
        client = vertx.createHttpClient(new HttpClientOptions()
                .setMaxPoolSize(MAX_CONNECTIONS)
                // Less than any server's patience with an idle connection, so none is used that is about to close.
                .setKeepAliveTimeout(5)
                .setMaxHeaderSize(1 << 16));
        server = await(vertx.createHttpServer(new HttpServerOptions()
                        .setHandle100ContinueAutomatically(false)
                        .setMaxInitialLineLength(1 << 14)
                        .setMaxHeaderSize(1 << 16))
                .requestHandler(this::handle)
                .listen(0, Loopback.ADDRESS));
    }

    /** A proxy to this store that notifies of objects created in one of its buckets. */
    public static NotifyingProxy inFrontOf(S3Endpoint store, String watchedBucket) {
        return new NotifyingProxy(store, watchedBucket);
    }

    /** The store as seen through this proxy. */
    public S3Endpoint endpoint() {
        return store.at(Loopback.uri(server.actualPort()));
    }

    /** Sends notifications here from now on, and what was held back until now, shuffled. */
    public void notifyTo(URI target) {
        notifications.notifyTo(target);
    }

    /** Holds notifications back from now on. */
    public void holdNotifications() {
        notifications.hold();
    }

    /** Sends every n-th notification twice, as a persistent topic does now and then; 0 for never. */
    public void repeatEvery(int number) {
        notifications.repeatEvery(number);
    }

    /** Waits until every notification was accepted; fails after this time. */
    public void awaitDelivered(Duration bound) {
        notifications.awaitDelivered(bound);
    }

    /** Notifications held back or on their way. */
    public long undelivered() {
        return notifications.undelivered();
    }

    /** Requests in the order of their arrival. */
    public List<RecordedRequest> requests() {
        return List.copyOf(requests.values());
    }

    /** Forgets the requests so far; faults and notifications stay. */
    public void reset() {
        requests.clear();
    }

    /** Every request like this meets the fault, until {@link #heal()}. */
    public void inject(Predicate<S3Request> matches, Fault fault) {
        inject(matches, fault, Integer.MAX_VALUE);
    }

    /** The first so many requests like this meet the fault; earlier rules go first. */
    public void inject(Predicate<S3Request> matches, Fault fault, int times) {
        faults.add(new FaultRule(matches, fault, new AtomicInteger(times)));
    }

    /** No faults from now on; connections that hang are cut. */
    public synchronized void heal() {
        faults.clear();
        hanging.forEach(HttpConnection::close);
        hanging.clear();
    }

    @Override
    public void close() {
        notifications.close();
        await(vertx.close());
    }

    private void handle(HttpServerRequest request) {
        S3Request asked = S3Request.parse(request.method().name(), request.uri(), request.headers());
        Fault fault = faultFor(asked, request.connection());
        long arrived = sequence.incrementAndGet();
        requests.put(arrived, new RecordedRequest(arrived, 0, asked, 0, 0));
        Exchange.Listener listener = new Exchange.Listener() {
            @Override
            public void answered(int status, long requestBytes) {
                // A test may have emptied the record in between.
                requests.computeIfPresent(
                        arrived,
                        (same, earlier) ->
                                new RecordedRequest(arrived, sequence.incrementAndGet(), asked, status, requestBytes));
            }

            @Override
            public Exchange.AnswerWatcher storeAnswered(long requestBytes, HttpClientResponse answer) {
                return notifications.storeAnswered(asked, requestBytes, answer);
            }
        };
        new Exchange(vertx, request, asked, fault, listener).begin(client, store.uri());
    }

    /** That of the first matching rule that is not used up. Not during {@link #heal}, which would miss what hangs since. */
    private synchronized Fault faultFor(S3Request request, HttpConnection connection) {
        for (FaultRule rule : faults) {
            if (rule.matches.test(request) && rule.isLeft()) {
                if (rule.fault.kind() == Fault.Kind.HANG) {
                    hanging.add(connection);
                }
                return rule.fault;
            }
        }
        return Fault.NONE;
    }

    private record FaultRule(Predicate<S3Request> matches, Fault fault, AtomicInteger remaining) {
        boolean isLeft() {
            return remaining.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
        }
    }

    private static Vertx vertx() {
        // No file cache: nothing is served from files, and its folder would outlive a killed JVM.
        FileSystemOptions files =
                new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false);
        return Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setFileSystemOptions(files));
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(START_BOUND.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException cause) {
            throw new IllegalStateException("The notifying proxy did not start or stop", cause);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while the notifying proxy starts or stops", interrupt);
        }
    }
}
