package dev.registrybackup.registry;

import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * The content of a registry's bucket, generated from a seed: the same seed gives the same bytes. It grows as a registry's
 * bucket does, in the order of pushes, which a test makes or {@link #random}.
 */
public final class RandomRegistry {
    private static final String LINK_SUFFIX = "/link";

    private final RegistryLayout layout;
    private final Random random;
    /** In the order of writing. */
    private final Map<String, byte[]> objects = new LinkedHashMap<>();
    /** What each key points to. */
    private final Map<String, Set<String>> targetsByKey = new HashMap<>();

    /** An empty registry without a root directory. */
    public RandomRegistry(long seed) {
        this(seed, "");
    }

    /** An empty registry under a root directory. */
    public RandomRegistry(long seed, String rootDirectory) {
        this.random = new Random(seed);
        this.layout = new RegistryLayout(rootDirectory);
    }

    /** Some repositories with images that share layers, indexes three levels deep, tags that moved, and left-over uploads. */
    public static RandomRegistry random(long seed) {
        RandomRegistry registry = new RandomRegistry(seed);
        List<Digest> layers = new ArrayList<>();
        layers.add(registry.layer("shared/base", (1 << 20) + 1 + registry.random.nextInt(1000)));
        int repositories = 2 + registry.random.nextInt(3);
        for (int number = 0; number < repositories; number++) {
            registry.pushImages("namespace-" + number + "/stream", layers);
        }
        return registry;
    }

    private void pushImages(String repository, List<Digest> layers) {
        List<Digest> images = new ArrayList<>();
        for (int count = 2 + random.nextInt(4); count > 0; count--) {
            List<Digest> own = new ArrayList<>();
            for (int layer = 1 + random.nextInt(3); layer > 0; layer--) {
                own.add(layer(repository, random.nextInt(5000)));
            }
            Digest mounted = layers.get(random.nextInt(layers.size()));
            mount(repository, mounted);
            own.add(mounted);
            layers.addAll(own);
            images.add(image(repository, own.toArray(Digest[]::new)));
            tag(repository, "latest", images.get(images.size() - 1));
            upload(repository);
        }
        Digest first = index(repository, images.get(0), images.get(1));
        Digest second = index(repository, images.get(random.nextInt(images.size())));
        tag(repository, "all", index(repository, first, second, images.get(images.size() - 1)));
        tag(repository, "v" + random.nextInt(10), images.get(random.nextInt(images.size())));
    }

    /** The bucket's grammar. */
    public RegistryLayout layout() {
        return layout;
    }

    /** All objects by key, in the order in which the registry wrote them. */
    public Map<String, byte[]> objects() {
        return new LinkedHashMap<>(objects);
    }

    /** The content of an existing key. */
    public byte[] content(String key) {
        return Optional.ofNullable(objects.get(key)).orElseThrow();
    }

    /** All objects except uploads: what a backup must have. */
    public Map<String, byte[]> backedUpObjects() {
        Map<String, byte[]> kept = objects();
        kept.keySet().removeIf(key -> layout.parse(key).kind() == RegistryPath.Kind.UPLOAD);
        return kept;
    }

    /** All keys, in the order in which the registry wrote them. */
    public List<String> keys() {
        return List.copyOf(objects.keySet());
    }

    /**
     * The keys that must be visible before the link: everything below it, and its repository's links to a manifest's config
     * and layers. Empty for a key that is not a link.
     */
    public Set<String> reachableKeys(String key) {
        Set<String> found = new LinkedHashSet<>();
        if (key.endsWith(LINK_SUFFIX)) {
            collect(key, found);
        }
        if (layout.parse(key) instanceof RegistryPath.Link link && !(link instanceof LayerLink)) {
            List.copyOf(found).stream()
                    .filter(below -> layout.parse(below) instanceof BlobData)
                    .map(below -> layerLink(link.repository().toString(), ((BlobData) layout.parse(below)).digest()))
                    .filter(objects::containsKey)
                    .forEach(found::add);
        }
        return found;
    }

    private void collect(String key, Set<String> found) {
        for (String next : targetsByKey.getOrDefault(key, Set.of())) {
            if (objects.containsKey(next) && found.add(next)) {
                collect(next, found);
            }
        }
    }

    /** The links in this order of writes that come before something below them. */
    public Set<String> linksBeforeTheirTargets(List<String> written) {
        Set<String> visible = new HashSet<>();
        Set<String> early = new TreeSet<>();
        for (String key : written) {
            reachableKeys(key).stream()
                    .filter(target -> !visible.contains(target))
                    .forEach(target -> early.add(key + " before " + target));
            visible.add(key);
        }
        return early;
    }

    /** Writes every object into a store, in order. */
    public void writeTo(BiConsumer<String, byte[]> store) {
        objects.forEach(store);
    }

    /** Random bytes. */
    public byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Writes a blob, without any link to it. */
    public Digest blob(byte[] content) {
        Digest digest = Digest.of(DigestAlgorithm.SHA256, content);
        objects.putIfAbsent(layout.blobKey(digest), content);
        return digest;
    }

    /** Pushes a layer of random bytes: its blob, and its link in the repository. */
    public Digest layer(String repository, int size) {
        Digest digest = blob(bytes(size));
        mount(repository, digest);
        return digest;
    }

    /** Gives the repository a link to a blob. */
    public String mount(String repository, Digest blob) {
        return link(layerLink(repository, blob), blob, layout.blobKey(blob));
    }

    /** Pushes an image of these layers, with a config of its own. */
    public Digest image(String repository, Digest... layers) {
        Digest config = layer(repository, 60 + random.nextInt(200));
        String list = Arrays.stream(layers).map(this::descriptor).collect(Collectors.joining(","));
        String type = random.nextBoolean()
                ? "application/vnd.oci.image.manifest.v1+json"
                : "application/vnd.docker.distribution.manifest.v2+json";
        return manifest(
                repository,
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
                        .formatted(type, descriptor(config), list),
                concat(config, layers));
    }

    /** Pushes an index of these manifests, whether they exist or not. */
    public Digest index(String repository, Digest... children) {
        String list = Arrays.stream(children).map(this::descriptor).collect(Collectors.joining(","));
        return manifest(
                repository,
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[%s],\"annotations\":{\"n\":\"%d\"}}"
                        .formatted(list, random.nextLong()),
                children);
    }

    /** Pushes a manifest as it is: its blob, and its revision link. */
    public Digest manifest(String repository, String json, Digest... references) {
        Digest digest = blob(json.getBytes(StandardCharsets.UTF_8));
        targetsByKey.put(
                layout.blobKey(digest),
                Arrays.stream(references).map(layout::blobKey).collect(Collectors.toSet()));
        link(revisionLink(repository, digest), digest, layout.blobKey(digest));
        return digest;
    }

    /** Points a tag to a manifest: its entry in the tag's history, then the tag. */
    public void tag(String repository, String tag, Digest manifest) {
        link(tagIndexLink(repository, tag, manifest), manifest, revisionLink(repository, manifest));
        link(tagLink(repository, tag), manifest, revisionLink(repository, manifest));
    }

    /** Leaves an upload behind. */
    public String upload(String repository) {
        String key = layout.prefix() + "repositories/" + repository + "/_uploads/" + Long.toHexString(random.nextLong())
                + "/data";
        objects.put(key, bytes(20));
        return key;
    }

    private String link(String key, Digest target, String points) {
        objects.remove(key);
        objects.put(key, LinkContent.of(target));
        targetsByKey.put(key, Set.of(points));
        return key;
    }

    /** A reference of a manifest; a missing blob gets some size. */
    public String descriptor(Digest digest) {
        byte[] content = objects.get(layout.blobKey(digest));
        return "{\"mediaType\":\"application/octet-stream\",\"digest\":\"%s\",\"size\":%d}"
                .formatted(digest, content == null ? 123 : content.length);
    }

    private static Digest[] concat(Digest first, Digest... others) {
        List<Digest> all = new ArrayList<>(List.of(first));
        all.addAll(List.of(others));
        return all.toArray(Digest[]::new);
    }

    /** The key of a blob. */
    public String blobKey(Digest digest) {
        return layout.blobKey(digest);
    }

    /** The key of a layer link. */
    public String layerLink(String repository, Digest digest) {
        return layout.keyOf(new LayerLink(new RepositoryName(repository), digest));
    }

    /** The key of a revision link. */
    public String revisionLink(String repository, Digest digest) {
        return layout.keyOf(new RevisionLink(new RepositoryName(repository), digest));
    }

    /** The key of an entry of a tag's history. */
    public String tagIndexLink(String repository, String tag, Digest digest) {
        return layout.keyOf(new TagIndexLink(new RepositoryName(repository), new Tag(tag), digest));
    }

    /** The key of what a tag points to. */
    public String tagLink(String repository, String tag) {
        return layout.keyOf(new TagCurrentLink(new RepositoryName(repository), new Tag(tag)));
    }
}
