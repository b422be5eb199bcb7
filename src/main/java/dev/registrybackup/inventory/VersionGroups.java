package dev.registrybackup.inventory;

import dev.registrybackup.objectstore.ObjectVersion;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** The versions of a listing, those of one object together. */
final class VersionGroups implements Iterator<List<ObjectVersion>> {
    private final Iterator<ObjectVersion> versions;
    private @Nullable ObjectVersion next;

    private VersionGroups(Iterator<ObjectVersion> versions) {
        this.versions = versions;
        this.next = versions.hasNext() ? versions.next() : null;
    }

    static Stream<List<ObjectVersion>> of(Stream<ObjectVersion> listing) {
        return StreamSupport.stream(
                        () -> Spliterators.spliteratorUnknownSize(new VersionGroups(listing.iterator()), 0), 0, false)
                .onClose(listing::close);
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public List<ObjectVersion> next() {
        ObjectVersion first = next;
        if (first == null) {
            throw new NoSuchElementException("All objects are listed");
        }
        List<ObjectVersion> group = new ArrayList<>();
        for (ObjectVersion version = first; version != null && version.key().equals(first.key()); version = next) {
            group.add(version);
            next = versions.hasNext() ? versions.next() : null;
        }
        return group;
    }
}
