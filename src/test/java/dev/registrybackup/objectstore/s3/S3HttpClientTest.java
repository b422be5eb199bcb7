package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.MustBeClosed;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import dev.registrybackup.lab.LoopbackServer;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.s3.S3Settings.Credentials;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests sent without the SDK's S3 client, and answers that no store of the lab gives. */
class S3HttpClientTest {
    private static final S3Timeouts TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    private static final Optional<Credentials> KEY = Optional.of(new Credentials("access", "secret"));

    private static final Instant LIMIT = Instant.parse("2026-03-04T05:06:07Z");
    private static final Instant OLD = LIMIT.minusMillis(1);

    /** A request as it came, its headers by name in any case. */
    private record Request(String method, String uri, Map<String, String> headers) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        String region() {
            return header("Authorization").replaceAll(".*Credential=[^/]*/[^/]*/([^/]*)/.*", "$1");
        }
    }

    /** An answer to be given next. */
    private record Answer(int status, Map<String, String> headers, String body) {}

    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Deque<Answer> answers = new ArrayDeque<>();
    private LoopbackServer server;

    @BeforeEach
    void serve() {
        server = new LoopbackServer(this::handle);
    }

    @AfterEach
    void stop() {
        server.close();
        List.of(
                        "aws.endpointUrlS3",
                        "aws.accessKeyId",
                        "aws.secretAccessKey",
                        "aws.sessionToken",
                        "http.proxyHost",
                        "http.proxyPort")
                .forEach(System::clearProperty);
    }

    private synchronized void handle(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
        requests.add(new Request(
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                Collections.unmodifiableMap(headers)));
        exchange.getRequestBody().readAllBytes();
        Answer answer = answers.isEmpty() ? new Answer(200, Map.of(), "") : answers.remove();
        Headers given = exchange.getResponseHeaders();
        given.set("Last-Modified", "Sat, 28 Nov 2026 08:00:00 GMT");
        answer.headers().forEach(given::set);
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        if (isHead && answer.status() == 200) {
            given.set("Content-Length", "3");
        }
        exchange.sendResponseHeaders(answer.status(), isHead || body.length == 0 ? -1 : body.length);
        if (!isHead) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    private URI uri() {
        return server.uri();
    }

    @MustBeClosed
    private static S3ObjectStore store(
            Optional<URI> endpoint, boolean pathStyle, Optional<Credentials> credentials, WriteOptions options) {
        return S3ObjectStore.of(
                new S3Settings(
                        "backup",
                        endpoint,
                        Optional.of("eu-1"),
                        "images",
                        credentials,
                        pathStyle,
                        Optional.empty(),
                        options),
                TIMEOUTS,
                4);
    }

    @MustBeClosed
    private S3ObjectStore store() {
        return store(Optional.of(uri()), true, KEY, WriteOptions.DEFAULT);
    }

    /** A store that the SDK finds as if none were configured, so it is taken for AWS. */
    @MustBeClosed
    private S3ObjectStore aws() {
        System.setProperty("aws.endpointUrlS3", uri().toString());
        return store(Optional.empty(), true, KEY, WriteOptions.DEFAULT);
    }

    @Test
    void aBucketInAnotherRegionIsFollowedThere() {
        // Given
        answers.add(new Answer(301, Map.of("x-amz-bucket-region", "us-9"), ""));
        try (S3ObjectStore store = aws()) {
            // When
            Optional<ObjectInfo> first = store.head("key");
            Optional<ObjectInfo> second = store.head("key");

            // Then
            assertTrue(first.isPresent());
            assertTrue(second.isPresent());
        }
        assertEquals(
                List.of("eu-1", "us-9", "us-9"),
                requests.stream().map(Request::region).toList());
    }

    @Test
    void aStoreThatSendsOneToAndFroIsNotFollowedForEver() {
        // Given
        answers.add(new Answer(301, Map.of("x-amz-bucket-region", "us-9"), ""));
        answers.add(new Answer(301, Map.of("x-amz-bucket-region", "eu-1"), ""));
        try (S3ObjectStore store = aws()) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> store.head("key"));

            // Then
            assertEquals(StoreError.BAD_REQUEST, failure.error());
        }
        assertEquals(2, requests.size());
    }

    @Test
    void aStoreThatIsConfiguredByItsEndpointIsNotLeft() {
        // Given
        answers.add(new Answer(301, Map.of("x-amz-bucket-region", "us-9"), ""));
        try (S3ObjectStore store = store()) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> store.head("key"));

            // Then
            assertEquals(StoreError.BAD_REQUEST, failure.error());
        }
        assertEquals(1, requests.size());
    }

    @Test
    void aClockThatIsFarFromTheStoresIsCorrectedByIt() throws Exception {
        // Given
        List<String> signedFor = new CopyOnWriteArrayList<>();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread ahead = new Thread(() -> answerAYearAhead(socket, signedFor));
            ahead.start();
            URI uri = URI.create("http://127.0.0.1:" + socket.getLocalPort());
            try (S3ObjectStore store = store(Optional.of(uri), true, KEY, WriteOptions.DEFAULT)) {
                // When
                Optional<ObjectInfo> first = store.head("key");
                Optional<ObjectInfo> second = store.head("key");

                // Then
                assertTrue(first.isPresent());
                assertTrue(second.isPresent());
            }
            ahead.join();
        }
        assertEquals(
                List.of("X-Amz-Date: 20310102", "X-Amz-Date: 20310102"),
                signedFor.stream()
                        .skip(1)
                        .map(header -> header.substring(0, "X-Amz-Date: yyyymmdd".length()))
                        .toList());
    }

    /** Refuses the first of three, by a Date of its own, which the JDK's server would not give. */
    private static void answerAYearAhead(ServerSocket socket, List<String> signedFor) {
        String date = "Date: Thu, 02 Jan 2031 03:04:05 GMT\r\n";
        for (String status : List.of("403 Forbidden", "200 OK", "200 OK")) {
            try (Socket connection = socket.accept();
                    BufferedReader request = new BufferedReader(
                            new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII))) {
                request.lines()
                        .takeWhile(line -> !line.isEmpty())
                        .filter(line -> line.startsWith("X-Amz-Date"))
                        .forEach(signedFor::add);
                String answer =
                        "HTTP/1.1 " + status + "\r\n" + date + "Last-Modified: Sat, 28 Nov 2026 08:00:00 GMT\r\n"
                                + "Content-Length: 3\r\nConnection: close\r\n\r\n";
                connection.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void aRefusalAtTheRightTimeIsNotAskedAgain() {
        // Given
        answers.add(new Answer(403, Map.of(), ""));
        try (S3ObjectStore store = store()) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> store.head("key"));

            // Then
            assertEquals(StoreError.FORBIDDEN, failure.error());
        }
        assertEquals(1, requests.size());
    }

    @Test
    void writeOptionsAreSentWithEachWrite() {
        // Given
        WriteOptions options =
                new WriteOptions(Optional.of("STANDARD_IA"), Optional.of("aws:kms"), Optional.of("key-id"));
        try (S3ObjectStore store = store(Optional.of(uri()), true, KEY, options)) {
            // When
            store.put("a key", ContentSource.of(new byte[71]), Map.of("name", "value"));
        }

        // Then
        Request put = requests.get(0);
        assertEquals("PUT /images/a%20key", put.method() + " " + put.uri());
        assertEquals("application/octet-stream", put.header("Content-Type"));
        assertEquals("value", put.header("x-amz-meta-name"));
        assertEquals("STANDARD_IA", put.header("x-amz-storage-class"));
        assertEquals("aws:kms", put.header("x-amz-server-side-encryption"));
        assertEquals("key-id", put.header("x-amz-server-side-encryption-aws-kms-key-id"));
    }

    @Test
    void onlyALargeBodyIsAskedForFirst() {
        try (S3ObjectStore store = store()) {
            // When
            store.put("small", ContentSource.of(new byte[71]), Map.of());
            store.put("large", ContentSource.of(new byte[2 << 20]), Map.of());
        }

        // Then
        assertEquals(
                List.of("", "100-continue"),
                requests.stream().map(request -> request.header("Expect")).toList());
    }

    @Test
    void aSessionsTokenIsSent() {
        // Given
        System.setProperty("aws.accessKeyId", "access");
        System.setProperty("aws.secretAccessKey", "secret");
        System.setProperty("aws.sessionToken", "token");
        try (S3ObjectStore store = store(Optional.of(uri()), true, Optional.empty(), WriteOptions.DEFAULT)) {
            // When
            store.head("key");
        }

        // Then
        assertEquals("token", requests.get(0).header("X-Amz-Security-Token"));
    }

    @Test
    void aBucketMayBeInTheHostsNameBehindAProxy() {
        // Given
        System.setProperty("http.proxyHost", "127.0.0.1");
        System.setProperty("http.proxyPort", Integer.toString(uri().getPort()));
        Optional<URI> endpoint = Optional.of(URI.create("http://s3.invalid:8080"));
        try (S3ObjectStore store = store(endpoint, false, KEY, WriteOptions.DEFAULT)) {
            // When
            store.head("a/key");
            store.requireBucket();
        }

        // Then
        assertEquals(
                List.of("http://images.s3.invalid:8080/a/key", "http://images.s3.invalid:8080/"),
                requests.stream().map(Request::uri).toList());
        assertEquals("images.s3.invalid:8080", requests.get(0).header("Host"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                "<html><body>Welcome</body></html>"
            })
    void aPageWithoutTheStartOfTheNextOrThatIsNoListingDoesNotEndTheListing(String page) {
        // Given
        for (int attempt = 0; attempt < 4; attempt++) {
            answers.add(new Answer(200, Map.of(), page));
        }
        try (S3ObjectStore store = store();
                Stream<ObjectInfo> listing = store.list("prefix/")) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, listing::toList);

            // Then
            assertEquals(StoreError.UNAVAILABLE, failure.error());
        }
    }

    @Test
    void allPagesOfUploadsAreTakenEvenWhereOneKeyFillsSome() {
        // Given: of "b" one upload ends meanwhile, and one is not old enough
        answers.add(new Answer(
                200,
                Map.of(),
                pageOfUploads(
                        "<NextKeyMarker>b</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>",
                        upload("a", "1", OLD) + upload("b", "2", OLD))));
        answers.add(new Answer(204, Map.of(), ""));
        answers.add(new Answer(404, Map.of(), "<Error><Code>NoSuchUpload</Code></Error>"));
        answers.add(new Answer(200, Map.of(), pageOfUploads("", upload("b", "3", LIMIT) + upload("b", "4", OLD))));
        answers.add(new Answer(204, Map.of(), ""));
        try (S3ObjectStore store = store()) {
            // When
            long aborted = store.abortMultipartUploads("pre", LIMIT);

            // Then
            assertEquals(2, aborted);
        }
        assertEquals(
                List.of(
                        "GET /images?prefix=pre&uploads=",
                        "DELETE /images/a?uploadId=1",
                        "DELETE /images/b?uploadId=2",
                        "GET /images?key-marker=b&prefix=pre&upload-id-marker=2&uploads=",
                        "DELETE /images/b?uploadId=4"),
                requests.stream().map(S3HttpClientTest::sorted).toList());
    }

    @Test
    void anUploadThatCannotBeAbortedIsNamed() {
        // Given
        answers.add(new Answer(200, Map.of(), pageOfUploads("", upload("a", "1", OLD))));
        for (int attempt = 0; attempt < 4; attempt++) {
            answers.add(new Answer(500, Map.of(), "<Error><Code>InternalError</Code></Error>"));
        }
        try (S3ObjectStore store = store()) {
            // When
            ObjectStoreException failure =
                    assertThrows(ObjectStoreException.class, () -> store.abortMultipartUploads("", LIMIT));

            // Then
            assertEquals(
                    "Failed to abort the upload of a in the backup bucket images: the store answered 500 InternalError",
                    failure.getMessage());
            assertEquals(StoreError.UNAVAILABLE, failure.error());
        }
    }

    @Test
    void anUploadIsCompleteOnlyIfTheStoreSaysSo() {
        // Given
        answers.add(new Answer(
                200,
                Map.of(),
                "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>"));
        for (int attempt = 0; attempt < 4; attempt++) {
            answers.add(new Answer(200, Map.of(), "<CompleteMultipartUploadResult><Key>a</Key>"));
        }
        try (S3ObjectStore store = store();
                MultipartUpload upload = store.startMultipartUpload("a", Map.of())) {
            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, upload::complete);

            // Then
            assertEquals(
                    "Failed to complete a in the backup bucket images: the request failed: the response has no ETag in"
                            + " a <CompleteMultipartUploadResult>",
                    failure.getMessage());
            assertEquals(StoreError.UNAVAILABLE, failure.error());
        }
        assertEquals("DELETE /images/a?uploadId=7", sorted(requests.get(requests.size() - 1)));
    }

    private static String pageOfUploads(String markers, String uploads) {
        return "<ListMultipartUploadsResult>%s<IsTruncated>%s</IsTruncated>%s</ListMultipartUploadsResult>"
                .formatted(markers, !markers.isEmpty(), uploads);
    }

    private static String upload(String key, String id, Instant started) {
        return "<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>"
                .formatted(key, id, started);
    }

    /** The request with its query in order. */
    private static String sorted(Request request) {
        String[] parts = request.uri().split("\\?", 2);
        String query = Stream.of(parts[1].split("&")).sorted().collect(Collectors.joining("&"));
        return request.method() + " " + parts[0] + "?" + query;
    }

    @Test
    void anInterruptedThreadSendsNothing() {
        // Given
        try (S3ObjectStore store = store()) {
            Thread.currentThread().interrupt();

            // When
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> store.head("key"));

            // Then
            assertEquals(StoreError.UNAVAILABLE, failure.error());
            assertTrue(Thread.interrupted());
        }
        assertFalse(requests.iterator().hasNext());
    }
}
