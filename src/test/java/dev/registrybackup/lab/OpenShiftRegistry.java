package dev.registrybackup.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * OpenShift's registry as its users see it: a docker-registry on a bucket, and a cluster that learns of each push. Tags
 * are in the cluster only: what the docker-registry wrote of them is taken from the bucket after each push.
 */
public final class OpenShiftRegistry implements AutoCloseable {
    private static final String DOCKER = "docker/registry/v2/";

    private final Bucket bucket;
    private final SettableClock clock = new SettableClock();
    private final OpenShiftApi cluster = OpenShiftApi.start(clock);
    private final DockerRegistry docker;

    /** An empty cluster whose registry's storage is this bucket. */
    public OpenShiftRegistry(S3Endpoint endpoint, Bucket bucket) {
        this.bucket = bucket;
        docker = DockerRegistry.onBucket(endpoint, bucket.name());
    }

    /** The cluster. */
    public OpenShiftApi cluster() {
        return cluster;
    }

    /** Pushes what the OCI layout has under {@code v1}, a minute of the cluster's clock later than what was done before. */
    public void push(Path ociLayout, TestImage image, String repository, String tag) {
        Skopeo.push(ociLayout, "v1", docker.uri(), repository + ":" + tag);
        bucket.sizes(DOCKER + "repositories/" + repository + "/_manifests/tags/")
                .keySet()
                .forEach(bucket::remove);
        laterByAMinute();
        String[] names = repository.split("/", 2);
        for (TestImage child : image.children()) {
            byte[] manifest = stored(child.digest());
            cluster.pushByDigest(names[0], names[1], child.digest(), manifest, child.mediaType(), config(manifest));
        }
        byte[] manifest = stored(image.digest());
        cluster.push(
                names[0],
                names[1],
                tag,
                image.digest(),
                manifest,
                image.mediaType(),
                image.children().isEmpty() ? config(manifest) : null);
    }

    /** Lets a minute of the cluster's clock go by. */
    public void laterByAMinute() {
        clock.advance(Duration.ofMinutes(1));
    }

    private byte[] config(byte[] manifest) {
        try {
            return stored(new ObjectMapper()
                    .readTree(new String(manifest, StandardCharsets.UTF_8))
                    .at("/config/digest")
                    .asText());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("No manifest", e);
        }
    }

    private byte[] stored(String digest) {
        return bucket.bytes(blobKey(digest));
    }

    /** Where a bucket has that blob. */
    public static String blobKey(String digest) {
        String hex = digest.substring("sha256:".length());
        return DOCKER + "blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data";
    }

    @Override
    public void close() {
        docker.close();
        cluster.close();
    }
}
