package dev.registrybackup.bench;

import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.TestImage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;

/** Writes objects as a registry would, with one request each and no notification. Safe for use by many threads. */
final class Seeds {
    private static final String REPOSITORIES = "docker/registry/v2/repositories/";
    private static final int AT_ONCE = 16;
    private static final int MOST_TO_DELETE = 500;

    private final S3Client registry;
    private final RegistryPush layout;
    private final AtomicLong sequence = new AtomicLong();

    /** Writes to the registry's bucket with this client. */
    Seeds(S3Client registry) {
        this.registry = registry;
        this.layout = new RegistryPush(registry, Product.REGISTRY_BUCKET);
    }

    /** A blob in the registry, without its bytes. */
    record SeededBlob(String digest, String key) {}

    /** Writes so many new blobs of this size. */
    List<SeededBlob> blobs(int count, int size) {
        byte[] template = new byte[size];
        new Random(size).nextBytes(template);
        ConcurrentLinkedQueue<SeededBlob> blobs = new ConcurrentLinkedQueue<>();
        List<Integer> numbers = IntStream.range(0, count).boxed().toList();
        Load.run(AT_ONCE, numbers, number -> blobs.add(stamped(template)));
        return List.copyOf(blobs);
    }

    /** Writes one new blob of this size. */
    SeededBlob blob(int size) {
        return blobs(1, size).get(0);
    }

    private SeededBlob stamped(byte[] template) {
        byte[] content = template.clone();
        ByteBuffer.wrap(content).putLong(sequence.incrementAndGet());
        return put(Blob.of(content));
    }

    /** The keys of new layer links to these blobs, all in one new repository. */
    List<String> layerLinks(List<SeededBlob> blobs) {
        String repository = repository();
        Load.run(AT_ONCE, blobs, blob -> link(layerKey(repository, blob.digest()), blob.digest()));
        return blobs.stream().map(blob -> layerKey(repository, blob.digest())).toList();
    }

    /** A name that no repository had before. */
    String repository() {
        return "bench/r" + sequence.incrementAndGet();
    }

    /** The image's blobs, then its manifest; returns their keys in this order. */
    List<String> image(TestImage image) {
        return image.closure().stream().map(blob -> put(blob).key()).toList();
    }

    /** The image with all its links in that repository, its tag named after its digest. */
    void tagged(String repository, TestImage image) {
        image(image);
        image.blobs().forEach(blob -> link(layerKey(repository, blob.digest()), blob.digest()));
        revisionLink(repository, image);
        String tag = REPOSITORIES + repository + "/_manifests/tags/"
                + path(image.digest()).replace('/', '-');
        link(tag + "/index/" + path(image.digest()) + "/link", image.digest());
        link(tag + "/current/link", image.digest());
    }

    /** The key of a new revision link to the image. */
    String revisionLink(String repository, TestImage image) {
        String key = REPOSITORIES + repository + "/_manifests/revisions/" + path(image.digest()) + "/link";
        return link(key, image.digest());
    }

    /** The key of a new index link of tag v1 to the image. */
    String tagIndexLink(String repository, TestImage image) {
        String key = REPOSITORIES + repository + "/_manifests/tags/v1/index/" + path(image.digest()) + "/link";
        return link(key, image.digest());
    }

    /** The key of tag v1, which points to the image from now on. */
    String tagCurrentLink(String repository, TestImage image) {
        return link(REPOSITORIES + repository + "/_manifests/tags/v1/current/link", image.digest());
    }

    /** Deletes objects. */
    static void delete(S3Client client, String bucket, List<String> keys) {
        for (int from = 0; from < keys.size(); from += MOST_TO_DELETE) {
            List<ObjectIdentifier> some = keys.subList(from, Math.min(keys.size(), from + MOST_TO_DELETE)).stream()
                    .map(key -> ObjectIdentifier.builder().key(key).build())
                    .toList();
            client.deleteObjects(request -> request.bucket(bucket).delete(delete -> delete.objects(some)));
        }
    }

    private static String layerKey(String repository, String digest) {
        return REPOSITORIES + repository + "/_layers/" + path(digest) + "/link";
    }

    private static String path(String digest) {
        return digest.replace(':', '/');
    }

    private SeededBlob put(Blob blob) {
        String key = layout.blobKey(blob);
        put(key, blob.bytes());
        return new SeededBlob(blob.digest(), key);
    }

    private String link(String key, String digest) {
        put(key, digest.getBytes(StandardCharsets.UTF_8));
        return key;
    }

    private void put(String key, byte[] content) {
        registry.putObject(
                request -> request.bucket(Product.REGISTRY_BUCKET).key(key).contentType("application/octet-stream"),
                RequestBody.fromBytes(content));
    }
}
