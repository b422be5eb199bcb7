package dev.registrybackup.lab;

import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/** A bucket of a store, for tests that look at it from outside. */
public final class Bucket implements AutoCloseable {

    private final S3Client client;
    private final String name;

    private Bucket(S3Client client, String name) {
        this.client = client;
        this.name = name;
    }

    /** A bucket that exists. */
    public static Bucket of(S3Endpoint endpoint, String name) {
        return new Bucket(endpoint.client(), name);
    }

    /** Creates a bucket. */
    public static Bucket create(S3Endpoint endpoint, String name) {
        Bucket bucket = of(endpoint, name);
        bucket.client.createBucket(request -> request.bucket(name));
        return bucket;
    }

    /** Enables versioning. */
    public Bucket versioned() {
        client.putBucketVersioning(request -> request.bucket(name)
                .versioningConfiguration(configuration -> configuration.status(BucketVersioningStatus.ENABLED)));
        return this;
    }

    /** The client, for other requests. */
    public S3Client client() {
        return client;
    }

    /** The bucket's name. */
    public String name() {
        return name;
    }

    /** Keys and sizes under a prefix. */
    public SortedMap<String, Long> sizes(String prefix) {
        SortedMap<String, Long> sizes = new TreeMap<>();
        client.listObjectsV2Paginator(request -> request.bucket(name).prefix(prefix))
                .contents()
                .forEach(object -> sizes.put(object.key(), object.size()));
        return sizes;
    }

    /** How many versions and delete markers there are under a prefix. */
    public int versionCount(String prefix) {
        return client
                .listObjectVersionsPaginator(request -> request.bucket(name).prefix(prefix))
                .stream()
                .mapToInt(page -> page.versions().size() + page.deleteMarkers().size())
                .sum();
    }

    /** A small object's content. */
    public byte[] bytes(String key) {
        return client.getObjectAsBytes(request -> request.bucket(name).key(key)).asByteArray();
    }

    /** Whether a small object under a prefix has this text in it. Another process may delete objects meanwhile. */
    public boolean hasText(String prefix, String text) {
        return sizes(prefix).keySet().stream().anyMatch(key -> {
            try {
                return new String(bytes(key), StandardCharsets.UTF_8).contains(text);
            } catch (NoSuchKeyException deleted) {
                return false;
            }
        });
    }

    /** The SHA-256 of an object of any size, in hexadecimal. */
    public String sha256(String key) {
        return Blob.sha256(client.getObject(request -> request.bucket(name).key(key)));
    }

    /** Deletes every visible object. */
    public void wipe() {
        sizes("").keySet().forEach(this::remove);
    }

    /** The SHA-256 of every object under a prefix but uploads, by key. */
    public SortedMap<String, String> contents(String prefix) {
        SortedMap<String, String> contents = new TreeMap<>();
        sizes(prefix).keySet().stream()
                .filter(key -> !key.contains("/_uploads/"))
                .forEach(key -> contents.put(key, sha256(key)));
        return contents;
    }

    /** Writes an object. */
    public void put(String key, byte[] content) {
        client.putObject(request -> request.bucket(name).key(key), RequestBody.fromBytes(content));
    }

    /** Deletes an object. */
    public void remove(String key) {
        client.deleteObject(request -> request.bucket(name).key(key));
    }

    @Override
    public void close() {
        client.close();
    }
}
