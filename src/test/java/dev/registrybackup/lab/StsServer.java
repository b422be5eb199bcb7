package dev.registrybackup.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * AWS's Security Token Service, but for web identities only: whoever has the right token gets a store's own key, which
 * ends after a while and takes a session token.
 */
public final class StsServer implements AutoCloseable {
    private static final String ANSWER = """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <SubjectFromWebIdentityToken>system:serviceaccount:registry-backup:replicate</SubjectFromWebIdentityToken>
            <Credentials>
              <AccessKeyId>%s</AccessKeyId>
              <SecretAccessKey>%s</SecretAccessKey>
              <SessionToken>session-%d</SessionToken>
              <Expiration>%s</Expiration>
            </Credentials>
          </AssumeRoleWithWebIdentityResult>
          <ResponseMetadata><RequestId>lab</RequestId></ResponseMetadata>
        </AssumeRoleWithWebIdentityResponse>
        """;
    private static final String REFUSAL = """
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>InvalidIdentityToken</Code><Message>not the token</Message></Error></ErrorResponse>
        """;

    private final S3Endpoint store;
    private final String token;
    private final Duration validity;
    private final LoopbackServer server;
    // Written by the server's threads, read by tests.
    private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();

    /** Listens on a free port. */
    public StsServer(S3Endpoint store, String token, Duration validity) {
        this.store = store;
        this.token = token;
        this.validity = validity;
        server = new LoopbackServer(this::answer);
    }

    /** Where it listens. */
    public URI uri() {
        return server.uri();
    }

    /** The parameters of each request, in the order they came. */
    public List<Map<String, String>> requests() {
        return List.copyOf(requests);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> parameters =
                    parameters(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            requests.add(parameters);
            boolean isKnown = "AssumeRoleWithWebIdentity".equals(parameters.get("Action"))
                    && token.equals(parameters.get("WebIdentityToken"));
            byte[] body = (isKnown ? credentials() : REFUSAL).getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/xml");
            exchange.sendResponseHeaders(isKnown ? 200 : 400, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private String credentials() {
        Instant end = Instant.now().plus(validity).truncatedTo(ChronoUnit.SECONDS);
        return ANSWER.formatted(store.accessKey(), store.secretKey(), requests.size(), end);
    }

    private static Map<String, String> parameters(String form) {
        Map<String, String> parameters = new TreeMap<>();
        for (String pair : form.split("&", -1)) {
            int equals = pair.indexOf('=');
            parameters.put(pair.substring(0, equals), URLDecoder.decode(pair.substring(equals + 1), UTF_8));
        }
        return parameters;
    }

    @Override
    public void close() {
        server.close();
    }
}
