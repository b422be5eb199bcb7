package dev.registrybackup.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes OCI images of random layers: the same seed and the same calls give the same digests.
 *
 * <p>They are images to a registry and to skopeo; nothing can be unpacked from them.
 */
public final class TestImages {

    /** Media type of an image's manifest. */
    public static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    /** Media type of an index of images. */
    public static final String INDEX = "application/vnd.oci.image.index.v1+json";

    private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
    private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
    private static final List<String> ARCHITECTURES = List.of("amd64", "arm64", "ppc64le", "s390x", "riscv64");

    private final Random random;

    /** Images of this seed. */
    public TestImages(long seed) {
        random = new Random(seed);
    }

    /** A layer of exactly this size, of ten bytes or more if skopeo shall take it for compressed. */
    public Blob layer(long size) {
        return Blob.layer(random.nextLong(), size);
    }

    /** An image with new layers of exactly these sizes. */
    public TestImage image(long... layerSizes) {
        return imageOf(Arrays.stream(layerSizes).mapToObj(this::layer).toList());
    }

    /** An image of these layers, which other images may share. */
    public TestImage imageOf(List<Blob> layers) {
        return imageOf(ARCHITECTURES.get(0), layers);
    }

    /** An index of as many images, one for each architecture, every one with new layers of exactly these sizes. */
    public TestImage index(int architectures, long... layerSizes) {
        List<TestImage> images = new ArrayList<>();
        for (String architecture : ARCHITECTURES.subList(0, architectures)) {
            images.add(imageOf(
                    architecture,
                    Arrays.stream(layerSizes).mapToObj(this::layer).toList()));
        }
        return indexOf(images);
    }

    /** An index of these images, in the order of the known architectures. */
    public TestImage indexOf(List<TestImage> images) {
        JsonArray manifests = new JsonArray();
        for (int number = 0; number < images.size(); number++) {
            manifests.add(images.get(number)
                    .descriptor()
                    .put("platform", platform(ARCHITECTURES.get(number % ARCHITECTURES.size()))));
        }
        JsonObject index =
                new JsonObject().put("schemaVersion", 2).put("mediaType", INDEX).put("manifests", manifests);
        return new TestImage(blob(index), INDEX, List.of(), images);
    }

    private TestImage imageOf(String architecture, List<Blob> layers) {
        JsonArray descriptors = new JsonArray();
        JsonArray differences = new JsonArray();
        for (Blob layer : layers) {
            descriptors.add(descriptor(LAYER, layer));
            // The digest of the unpacked layer, were there one; nobody here can check it.
            differences.add(layer.digest());
        }
        Blob config = blob(platform(architecture)
                .put("config", new JsonObject().put("Labels", new JsonObject().put("lab", "n" + random.nextLong())))
                .put("rootfs", new JsonObject().put("type", "layers").put("diff_ids", differences)));
        JsonObject manifest = new JsonObject()
                .put("schemaVersion", 2)
                .put("mediaType", MANIFEST)
                .put("config", descriptor(CONFIG, config))
                .put("layers", descriptors);
        List<Blob> blobs = new ArrayList<>(layers);
        blobs.add(config);
        return new TestImage(blob(manifest), MANIFEST, blobs, List.of());
    }

    private static JsonObject platform(String architecture) {
        return new JsonObject().put("architecture", architecture).put("os", "linux");
    }

    private static Blob blob(JsonObject json) {
        return Blob.of(json.toBuffer().getBytes());
    }

    static JsonObject descriptor(String mediaType, Blob blob) {
        return new JsonObject()
                .put("mediaType", mediaType)
                .put("digest", blob.digest())
                .put("size", blob.size());
    }
}
