package dev.registrybackup.imagestream.restore;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links that a registry would have for some ImageStreams if it kept all of their managed images in its bucket. Other
 * images have links only if they happened to be pulled through.
 */
final class StreamLinks implements Links {
    private final RegistryStore backup;
    private final boolean hasTagLinks;
    private final Map<String, ListedLink> links = new TreeMap<>();
    private final Map<String, Digest> targets = new HashMap<>();
    private final Set<Digest> pushed = new HashSet<>();

    /**
     * No links yet.
     *
     * @param hasTagLinks whether tags have links, as in a stock registry and not in OpenShift's
     */
    StreamLinks(RegistryStore backup, boolean hasTagLinks) {
        this.backup = backup;
        this.hasTagLinks = hasTagLinks;
    }

    void add(DesiredStream stream) {
        Set<Digest> managed = stream.managed();
        for (Digest image : managed) {
            add(
                    new RevisionLink(stream.repository(), image),
                    image,
                    stream.captured().read());
        }
        stream.captured().images().keySet().stream().filter(stream::isPushed).forEach(pushed::add);
        if (!hasTagLinks) {
            return;
        }
        for (TagHistory tag : stream.stream().tags()) {
            for (Item item : tag.items()) {
                if (managed.contains(item.image())) {
                    add(new TagIndexLink(stream.repository(), tag.tag(), item.image()), item.image(), item.created());
                }
            }
            tag.current()
                    .filter(item -> managed.contains(item.image()))
                    .ifPresent(item ->
                            add(new TagCurrentLink(stream.repository(), tag.tag()), item.image(), item.created()));
        }
    }

    private void add(RegistryPath.Link path, Digest target, Instant written) {
        String key = backup.layout().keyOf(path);
        byte[] content = LinkContent.of(target);
        ObjectRef object = new ObjectRef(content.length, LinkContent.md5Hex(content), Optional.empty());
        links.put(key, new ListedLink(key, path, object, written, false));
        targets.put(key, target);
    }

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
        return backup.store();
    }

    @Override
    public boolean isPushed(Digest manifest) {
        return pushed.contains(manifest);
    }

    /** Reads nothing: these links are in no store. */
    @Override
    public Digest readTarget(ListedLink link) {
        return Optional.ofNullable(targets.get(link.key()))
                .orElseThrow(() -> new IllegalArgumentException("Not one of these links: " + link.key()));
    }
}
