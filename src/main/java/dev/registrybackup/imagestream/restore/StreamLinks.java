package dev.registrybackup.imagestream.restore;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links that a registry would have of some ImageStreams if it kept all of them in its bucket: of managed images only,
 * since of others the bucket has what happened to be pulled through.
 */
final class StreamLinks implements Links {
    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final boolean hasTags;
    private final Map<String, ListedLink> links = new TreeMap<>();
    private final Map<String, Digest> targets = new TreeMap<>();
    private final Set<Digest> pushed = new HashSet<>();

    /**
     * None yet.
     *
     * @param hasTags whether tags have links, as in a stock registry and not in OpenShift's
     */
    StreamLinks(ObjectStore backup, RegistryLayout layout, boolean hasTags) {
        this.backup = backup;
        this.layout = layout;
        this.hasTags = hasTags;
    }

    /** Adds those of an ImageStream. */
    void add(DesiredStream stream) {
        Set<Digest> managed = stream.managed();
        managed.forEach(image -> add(
                new RevisionLink(stream.repository(), image),
                image,
                stream.captured().read()));
        stream.captured().images().keySet().stream().filter(stream::isPushed).forEach(pushed::add);
        if (hasTags) {
            stream.stream().tags().forEach(tag -> addTag(stream, tag, managed));
        }
    }

    private void addTag(DesiredStream stream, TagHistory tag, Set<Digest> managed) {
        for (Item item : tag.items()) {
            if (managed.contains(item.image())) {
                add(new TagIndexLink(stream.repository(), tag.tag(), item.image()), item.image(), item.created());
            }
        }
        tag.current()
                .filter(item -> managed.contains(item.image()))
                .ifPresent(
                        item -> add(new TagCurrentLink(stream.repository(), tag.tag()), item.image(), item.created()));
    }

    private void add(RegistryPath.Link path, Digest target, Instant written) {
        String key = layout.keyOf(path);
        byte[] content = LinkContent.of(target);
        links.put(
                key,
                new ListedLink(
                        key, path, content.length, LinkContent.md5Hex(content), written, Optional.empty(), false));
        targets.put(key, target);
    }

    /** Whether there are none. */
    boolean isEmpty() {
        return links.isEmpty();
    }

    @Override
    @MustBeClosed
    public Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted) {
        return links.values().stream()
                .filter(link -> link.key().startsWith(prefix))
                .filter(link -> wanted.test(link.path()));
    }

    @Override
    public ObjectStore store() {
        return backup;
    }

    @Override
    public boolean isPushed(Digest manifest) {
        return pushed.contains(manifest);
    }

    /** No store has these: what they say is known. */
    @Override
    public Digest readTarget(ListedLink link) {
        return Optional.ofNullable(targets.get(link.key()))
                .orElseThrow(() -> new IllegalArgumentException("No link of these: " + link.key()));
    }
}
