package dev.registrybackup.lab;

/**
 * A request that reached the proxy.
 *
 * <p>{@code arrived} and {@code answered} are drawn from one counter: what was answered before another request arrived
 * was done first. A request not answered (yet) has status and {@code answered} 0. The answer counts from its first
 * byte, before the client sees it.
 */
public record RecordedRequest(long arrived, long answered, S3Request request, int status, long bodyLength) {

    /** The HTTP method. */
    public String method() {
        return request.method();
    }

    /** The bucket, empty for the list of buckets. */
    public String bucket() {
        return request.bucket();
    }

    /** The key, decoded; empty for a request on a bucket. */
    public String key() {
        return request.key();
    }

    /** What follows the question mark, as it came; may be empty. */
    public String query() {
        return request.query();
    }

    /** The operation. */
    public Operation operation() {
        return request.operation();
    }

    /** Whether the store answered 2xx. */
    public boolean succeeded() {
        return status >= 200 && status < 300;
    }
}
