package dev.registrybackup.lab;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An image, or an index of images: its manifest, the blobs it names, the images it names. */
public record TestImage(Blob manifest, String mediaType, List<Blob> blobs, List<TestImage> children) {

    /** Keeps copies of the lists. */
    public TestImage {
        blobs = List.copyOf(blobs);
        children = List.copyOf(children);
    }

    /** The manifest's digest. */
    public String digest() {
        return manifest.digest();
    }

    /** Everything reachable from here, children before what names them, this manifest last. */
    public List<Blob> closure() {
        List<Blob> all = new ArrayList<>();
        children.forEach(child -> all.addAll(child.closure()));
        all.addAll(blobs);
        all.add(manifest);
        return all.stream().distinct().toList();
    }

    /** Writes an OCI layout that holds this image under this tag: what skopeo calls {@code oci:<folder>:<tag>}. */
    public void writeOciLayout(Path folder, String tag) {
        OciLayout.write(folder, this, tag);
    }

    JsonObject descriptor() {
        return TestImages.descriptor(mediaType, manifest);
    }
}
