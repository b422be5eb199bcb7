package dev.registrybackup.verify;

import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.Manifests.Reading;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Descriptor.Role;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether all that the tags of one ImageStream point to and pointed to can be restored. Reports what cannot, and marks the
 * blobs that it needs. Asks nobody: what the listing lacked was asked for since. For one use.
 */
final class ItemChecks {
    private static final int MOST_NAMED = 3;

    private final VerifyContext verifyContext;
    private final TaggedImages stream;
    private final InspectedImages facts;
    private final Instant now;
    /** An image may have been tagged twice. */
    private final Set<String> reported = new HashSet<>();

    ItemChecks(VerifyContext verifyContext, TaggedImages stream, InspectedImages facts, Instant now) {
        this.verifyContext = verifyContext;
        this.stream = stream;
        this.facts = facts;
        this.now = now;
    }

    /** Looks at all items, and counts them. */
    ImageStreamCounts check() {
        markNeeded();
        ImageStreamCounts counts = new ImageStreamCounts(stream.captured().read(), 1, 0, 0, 0, 0, 0);
        for (TagHistory tag : stream.tags()) {
            for (Item item : tag.items()) {
                counts = counts.plus(judge(tag.tag(), item));
            }
        }
        return counts;
    }

    /** Those of imported images too: a registry that mirrors them has them rightly. */
    private void markNeeded() {
        Deque<Digest> open = new ArrayDeque<>(stream.images());
        Set<Digest> seen = new HashSet<>();
        while (!open.isEmpty()) {
            Digest manifest = open.pop();
            if (seen.add(manifest)) {
                verifyContext.table().mark(manifest, Mark.NEEDED);
                for (Descriptor reference : references(manifest)) {
                    if (reference.role() == Role.MANIFEST) {
                        open.push(reference.digest());
                    } else {
                        verifyContext.table().mark(reference.digest(), Mark.NEEDED);
                    }
                }
            }
        }
    }

    private List<Descriptor> references(Digest manifest) {
        return facts.manifests()
                .getOrDefault(manifest, Reading.absent())
                .manifest()
                .references();
    }

    private ImageStreamCounts judge(Tag tag, Item item) {
        boolean hasObject = stream.hasObject(item.image());
        boolean isManaged = stream.isPushed(item.image());
        Optional<Boolean> restorable = facts.isRestorable(item.image()).filter(any -> isManaged);
        boolean isLost = restorable.filter(whole -> !whole).isPresent();
        String subject = "%s:%s@%s".formatted(stream.captured().stream(), tag, item.image());
        if (reported.add(subject)) {
            if (!hasObject) {
                verifyContext.findingCollector().found(FindingCode.IMAGE_OBJECT_MISSING, subject, withoutObject(item));
            }
            if (isLost) {
                verifyContext.findingCollector().found(FindingCode.IS_ITEM_UNRESTORABLE, subject, unrestorable(item));
            }
        }
        return new ImageStreamCounts(
                stream.captured().read(),
                0,
                1,
                isManaged ? 1 : 0,
                restorable.filter(whole -> whole).isPresent() ? 1 : 0,
                isLost ? 1 : 0,
                hasObject ? 0 : 1);
    }

    private String withoutObject(Item item) {
        return "It was pushed %s and the cluster had no Image object of it at %s: it cannot be pulled, and the image pruner drops it from the tag. Push it again"
                .formatted(ago(item.created()), stream.captured().read());
    }

    private String unrestorable(Item item) {
        List<Digest> lacks = facts.imageCompleteness().of(item.image()).missing().stream()
                .filter(digest -> !facts.isUntold().test(digest))
                .sorted(Comparator.comparing(Digest::toString))
                .toList();
        String named = String.join(
                ", ", lacks.stream().limit(MOST_NAMED).map(Digest::toString).toList());
        String more = lacks.size() > MOST_NAMED ? " and %d more".formatted(lacks.size() - MOST_NAMED) : "";
        return "It was pushed %s and cannot be restored, since the backup lacks %s%s, or has it damaged: %s; else push the image again"
                .formatted(ago(item.created()), named, more, verifyContext.remedy());
    }

    private String ago(Instant created) {
        Duration age = Duration.between(created, now);
        if (age.toDays() > 1) {
            return age.toDays() + " days ago";
        }
        return age.toHours() > 1 ? age.toHours() + " hours ago" : Math.max(0, age.toMinutes()) + " minutes ago";
    }
}
