package dev.registrybackup.bench;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RepositoryName;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A backup of one repository of images with a hundred digests each, whose objects are made when they are asked for. */
final class GeneratedStore extends ForwardingObjectStore {
    private static final int PER_IMAGE = 100;
    private static final int LAYER_BYTES = 1000;

    private final RegistryLayout layout;
    private final int images;
    private final Map<String, Integer> manifests = new HashMap<>();
    /** Numbers of blobs, an image's manifest before its layers, in the order of their keys. */
    private final int[] inKeyOrder;

    GeneratedStore(RegistryLayout layout, int digests) {
        super(new InMemoryObjectStore("backup"));
        this.layout = layout;
        this.images = digests / PER_IMAGE;
        for (int image = 0; image < images; image++) {
            manifests.put(layout.blobKey(digest(image * PER_IMAGE)), image);
        }
        this.inKeyOrder = IntStream.range(0, digests)
                .boxed()
                .sorted((one, other) ->
                        digest(one).hex().compareTo(digest(other).hex()))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private Digest digest(int blob) {
        return blob % PER_IMAGE == 0 ? Digest.of(DigestAlgorithm.SHA256, manifest(blob / PER_IMAGE)) : layer(blob);
    }

    private static Digest layer(int blob) {
        return Digest.of(
                DigestAlgorithm.SHA256,
                ByteBuffer.allocate(Integer.BYTES).putInt(blob).array());
    }

    private static byte[] manifest(int image) {
        String layers = IntStream.range(1, PER_IMAGE)
                .mapToObj(number ->
                        "{\"digest\":\"%s\",\"size\":%d}".formatted(layer(image * PER_IMAGE + number), LAYER_BYTES))
                .collect(Collectors.joining(","));
        return "{\"layers\":[%s]}".formatted(layers).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        if (prefix.startsWith(layout.blobsPrefix())) {
            return IntStream.of(inKeyOrder).mapToObj(blob -> info(layout.blobKey(digest(blob)), LAYER_BYTES));
        }
        if (prefix.startsWith(layout.repositoriesPrefix())) {
            return revisions().stream().map(key -> info(key, LinkContent.of(layer(1)).length));
        }
        return Stream.of();
    }

    private List<String> revisions() {
        return IntStream.range(0, images)
                .mapToObj(image ->
                        layout.keyOf(new RevisionLink(new RepositoryName("bench/images"), digest(image * PER_IMAGE))))
                .sorted()
                .toList();
    }

    private static ObjectInfo info(String key, long size) {
        return new ObjectInfo(key, size, "", Instant.EPOCH, Map.of(), Optional.empty());
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        Integer image = manifests.get(key);
        if (image == null) {
            return super.open(key, range, etag);
        }
        byte[] content = manifest(image);
        return InMemoryObjectStore.openObject(info(key, content.length), new ByteArrayInputStream(content));
    }
}
