package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;

/**
 * Writes images into a bucket request by request as a registry with S3 storage does: each blob as an upload first, then
 * copied to its place, then linked; a manifest after all it names; a tag last. What is there already is not written
 * again, its links are.
 */
public final class RegistryPush {

    private static final String ROOT = "docker/registry/v2/";
    private static final int UPLOAD_PART = 10 << 20;
    private static final long COPY_PART = 32L << 20;

    private final S3Client client;
    private final String bucket;
    private final String root;
    private final Clock clock = Clock.systemUTC();
    private final Random random = new Random(5);

    /** Into this bucket, at its root, as OpenShift does. */
    public RegistryPush(S3Client client, String bucket) {
        this(client, bucket, "");
    }

    /** Into this bucket, below a root directory of the registry's such as "images/"; the slash belongs to it. */
    public RegistryPush(S3Client client, String bucket, String rootDirectory) {
        this.client = client;
        this.bucket = bucket;
        root = rootDirectory + ROOT;
    }

    /** Pushes an image, or an index with its images first, and tags it. */
    public void push(TestImage image, String repository, String tag) {
        push(image, repository);
        String tagFolder = repository(repository) + "_manifests/tags/" + tag;
        link(tagFolder + "/index/sha256/" + image.manifest().hex() + "/link", image.manifest());
        link(tagFolder + "/current/link", image.manifest());
    }

    /** Pushes an image by its digest: OpenShift's registry keeps all tags elsewhere. */
    public void push(TestImage image, String repository) {
        image.children().forEach(child -> push(child, repository));
        image.blobs().forEach(blob -> pushBlob(blob, repository));
        if (!exists(blobKey(image.manifest()))) {
            put(blobKey(image.manifest()), image.manifest().bytes());
        }
        link(
                repository(repository) + "_manifests/revisions/sha256/"
                        + image.manifest().hex() + "/link",
                image.manifest());
    }

    /** Pushes a layer or a configuration that no manifest names yet. */
    public void pushBlob(Blob blob, String repository) {
        String upload = repository(repository) + "_uploads/" + uploadId();
        put(upload + "/startedat", bytes(clock.instant().toString()));
        String id = startMultipart(upload + "/data");
        hashState(upload, 0);
        List<CompletedPart> parts = uploadParts(blob, upload + "/data", id);
        hashState(upload, blob.size());
        completeMultipart(upload + "/data", id, parts);
        // Once more, from the beginning, as the verification before the copy leaves it.
        hashState(upload, 0);
        if (!exists(blobKey(blob))) {
            copy(upload + "/data", blob);
        }
        delete(List.of(upload + "/data"));
        mount(blob, repository);
        delete(List.of(
                upload + "/hashstates/sha256/0", upload + "/hashstates/sha256/" + blob.size(), upload + "/startedat"));
    }

    /** Links a blob of another repository into this one, as a cross-repository mount does. */
    public void mount(Blob blob, String repository) {
        link(repository(repository) + "_layers/sha256/" + blob.hex() + "/link", blob);
    }

    /** Where a blob's content is kept. */
    public String blobKey(Blob blob) {
        return root + "blobs/sha256/" + blob.hex().substring(0, 2) + "/" + blob.hex() + "/data";
    }

    private String repository(String name) {
        return root + "repositories/" + name + "/";
    }

    private void hashState(String upload, long offset) {
        put(upload + "/hashstates/sha256/" + offset, bytes("state"));
    }

    private void link(String key, Blob target) {
        put(key, bytes(target.digest()));
    }

    private List<CompletedPart> uploadParts(Blob blob, String key, String id) {
        List<CompletedPart> parts = new ArrayList<>();
        try (var content = blob.open()) {
            byte[] piece = content.readNBytes(UPLOAD_PART);
            do {
                int number = parts.size() + 1;
                RequestBody body = RequestBody.fromBytes(piece);
                parts.add(part(
                        number,
                        client.uploadPart(
                                        request -> request.bucket(bucket)
                                                .key(key)
                                                .uploadId(id)
                                                .partNumber(number),
                                        body)
                                .eTag()));
                piece = content.readNBytes(UPLOAD_PART);
            } while (piece.length > 0);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to upload " + blob, cause);
        }
        return parts;
    }

    private void copy(String source, Blob blob) {
        String key = blobKey(blob);
        if (blob.size() <= COPY_PART) {
            client.copyObject(request -> request.sourceBucket(bucket)
                    .sourceKey(source)
                    .destinationBucket(bucket)
                    .destinationKey(key));
            return;
        }
        String id = startMultipart(key);
        List<CompletedPart> parts = new ArrayList<>();
        for (long start = 0; start < blob.size(); start += COPY_PART) {
            int number = parts.size() + 1;
            String range = "bytes=" + start + "-" + (Math.min(start + COPY_PART, blob.size()) - 1);
            parts.add(part(number, copyPart(source, key, id, number, range)));
        }
        completeMultipart(key, id, parts);
    }

    private String copyPart(String source, String key, String id, int number, String range) {
        return client.uploadPartCopy(request -> request.sourceBucket(bucket)
                        .sourceKey(source)
                        .copySourceRange(range)
                        .destinationBucket(bucket)
                        .destinationKey(key)
                        .uploadId(id)
                        .partNumber(number))
                .copyPartResult()
                .eTag();
    }

    private String startMultipart(String key) {
        return client.createMultipartUpload(
                        request -> request.bucket(bucket).key(key).contentType("application/octet-stream"))
                .uploadId();
    }

    private void completeMultipart(String key, String id, List<CompletedPart> parts) {
        CompletedMultipartUpload all =
                CompletedMultipartUpload.builder().parts(parts).build();
        client.completeMultipartUpload(
                request -> request.bucket(bucket).key(key).uploadId(id).multipartUpload(all));
    }

    private static CompletedPart part(int number, String entityTag) {
        return CompletedPart.builder().partNumber(number).eTag(entityTag).build();
    }

    private void put(String key, byte[] content) {
        client.putObject(
                request -> request.bucket(bucket).key(key).contentType("application/octet-stream"),
                RequestBody.fromBytes(content));
    }

    private boolean exists(String key) {
        try {
            client.headObject(request -> request.bucket(bucket).key(key));
            return true;
        } catch (NoSuchKeyException absent) {
            return false;
        }
    }

    private void delete(List<String> keys) {
        List<ObjectIdentifier> objects = keys.stream()
                .map(key -> ObjectIdentifier.builder().key(key).build())
                .toList();
        client.deleteObjects(request -> request.bucket(bucket).delete(delete -> delete.objects(objects)));
    }

    private UUID uploadId() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
