package dev.registrybackup.lab;

import io.vertx.core.MultiMap;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A client's request, before any response: path style, the key decoded, the query as it came, headers
 * by lower-case name (never the signature).
 */
public record S3Request(
        String method, String bucket, String key, String query, Operation operation, Map<String, String> headers) {

    static S3Request parse(String method, String uri, MultiMap headers) {
        int question = uri.indexOf('?');
        String path = question < 0 ? uri : uri.substring(0, question);
        String query = question < 0 ? "" : uri.substring(question + 1);
        int slash = path.indexOf('/', 1);
        String bucket = slash < 0 ? path.substring(1) : path.substring(1, slash);
        String key = slash < 0 ? "" : decode(path.substring(slash + 1));
        Set<String> parameters = parameters(query);
        Operation operation = key.isEmpty()
                ? Operation.onBucket(method, parameters)
                : Operation.onObject(method, parameters, headers.contains("x-amz-copy-source"));
        return new S3Request(method, bucket, key, query, operation, copyOf(headers));
    }

    /** A header's value. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    private static Map<String, String> copyOf(MultiMap headers) {
        Map<String, String> copy = new TreeMap<>();
        headers.forEach((name, value) -> copy.put(name.toLowerCase(Locale.ROOT), value));
        copy.remove("authorization");
        return Map.copyOf(copy);
    }

    private static String decode(String path) {
        // A plus sign in a path is a plus sign.
        return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static Set<String> parameters(String query) {
        return Arrays.stream(query.split("&", -1))
                .map(parameter -> parameter.replaceFirst("=.*", ""))
                .collect(Collectors.toUnmodifiableSet());
    }
}
