package dev.registrybackup.bench;

import dev.registrybackup.bench.ServedBucket.ListQuery;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.registry.RegistryLayout;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.URI;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * The least S3 store that a comparison takes to compare: the registry's bucket and the backup's with the same generated
 * objects, and small objects of their own. Signatures are not looked at. What it has no answer to, it keeps.
 */
final class ListingServer implements AutoCloseable {
    private static final String ADDRESS = "127.0.0.1";
    private static final String MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final ServedBucket registry;
    private final ServedBucket backup;
    private final LongAdder lists = new LongAdder();
    private final LongAdder heads = new LongAdder();
    private final LongAdder others = new LongAdder();
    private final Queue<String> unanswered = new ConcurrentLinkedQueue<>();

    ListingServer(RegistryLayout layout, GeneratedKeys keys) {
        registry = new ServedBucket(layout, keys);
        backup = new ServedBucket(layout, keys);
        server = vertx.createHttpServer(new HttpServerOptions().setMaxInitialLineLength(1 << 14))
                .requestHandler(request -> request.body().onSuccess(body -> answer(request, body)))
                .listen(0, ADDRESS)
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    S3Endpoint endpoint() {
        URI uri = URI.create("http://%s:%d".formatted(ADDRESS, server.actualPort()));
        return new S3Endpoint(uri, "us-east-1", "bench", "bench-secret");
    }

    /** Puts a small object into the backup's bucket. */
    void put(String key, String content) {
        backup.small().put(key, Buffer.buffer(content).getBytes());
    }

    /** Requests since they were last reset. */
    Requests requests() {
        return new Requests(lists.sum(), heads.sum(), others.sum());
    }

    /** Forgets them. */
    void reset() {
        lists.reset();
        heads.reset();
        others.reset();
    }

    /** What it could not answer, so that nothing that was measured counts. */
    Queue<String> unanswered() {
        return unanswered;
    }

    /**
     * How many requests there were.
     *
     * @param lists listings, of whatever
     * @param heads looks at single objects and at buckets
     * @param others all others
     */
    record Requests(long lists, long heads, long others) {}

    private void answer(HttpServerRequest request, Buffer body) {
        String path = request.path();
        int slash = path.indexOf('/', 1);
        String bucket = slash < 0 ? path.substring(1) : path.substring(1, slash);
        String key = slash < 0 ? "" : path.substring(slash + 1);
        ServedBucket served = bucket.equals(Product.BACKUP_BUCKET) ? backup : registry;
        if (key.isEmpty()) {
            answerBucket(request, bucket, served);
        } else {
            answerObject(request, served, key, body);
        }
    }

    private void answerBucket(HttpServerRequest request, String bucket, ServedBucket served) {
        boolean isGet = request.method().name().equals("GET");
        if (request.method().name().equals("HEAD")) {
            heads.increment();
            request.response().end();
        } else if (isGet && request.params().contains("uploads")) {
            others.increment();
            request.response().end(ListingXml.NO_UPLOADS);
        } else if (isGet && request.params().contains("versioning")) {
            others.increment();
            request.response().end(ListingXml.NO_VERSIONING);
        } else if (isGet && request.params().contains("versions")) {
            lists.increment();
            request.response().end(new ListingXml(bucket, served).versions(asked(request)));
        } else if (isGet) {
            lists.increment();
            request.response().end(new ListingXml(bucket, served).objects(asked(request)));
        } else {
            refuse(request);
        }
    }

    private static ListQuery asked(HttpServerRequest request) {
        String after = Optional.ofNullable(request.getParam("continuation-token"))
                .or(() -> Optional.ofNullable(request.getParam("start-after")))
                .or(() -> Optional.ofNullable(request.getParam("marker")))
                .or(() -> Optional.ofNullable(request.getParam("key-marker")))
                .orElse("");
        int most = Integer.parseInt(request.getParam("max-keys", "1000"));
        return new ListQuery(request.getParam("prefix", ""), request.getParam("delimiter", ""), after, most);
    }

    private void answerObject(HttpServerRequest request, ServedBucket served, String key, Buffer body) {
        String method = request.method().name();
        (method.equals("HEAD") ? heads : others).increment();
        Optional<ServedObject> there = served.find(key);
        boolean isSmall = key.startsWith(RegistryLayout.METADATA_PREFIX);
        if (method.equals("HEAD")) {
            tell(request.response(), there).end();
        } else if (method.equals("GET") && (isSmall || there.isEmpty())) {
            byte[] content = served.small().getOrDefault(key, new byte[0]);
            tell(request.response(), there).end(Buffer.buffer(there.isEmpty() ? ListingXml.NO_SUCH_KEY : content));
        } else if (method.equals("PUT") && isSmall) {
            write(request, served, key, body);
        } else if (method.equals("DELETE") && isSmall) {
            served.small().remove(key);
            request.response().setStatusCode(204).end();
        } else {
            refuse(request);
        }
    }

    private static void write(HttpServerRequest request, ServedBucket served, String key, Buffer body) {
        if (request.getHeader("If-None-Match") != null && served.find(key).isPresent()) {
            request.response().setStatusCode(412).end();
            return;
        }
        served.small().put(key, body.getBytes());
        String etag = ServedObject.of(body.getBytes()).etag();
        request.response().putHeader("ETag", '"' + etag + '"').end();
    }

    private static HttpServerResponse tell(HttpServerResponse response, Optional<ServedObject> there) {
        there.ifPresentOrElse(
                object -> response.putHeader("Content-Length", Long.toString(object.size()))
                        .putHeader("ETag", '"' + object.etag() + '"')
                        .putHeader("Last-Modified", MODIFIED),
                () -> response.setStatusCode(404));
        return response;
    }

    private void refuse(HttpServerRequest request) {
        unanswered.add(request.method() + " " + request.uri());
        request.response().setStatusCode(501).end();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
