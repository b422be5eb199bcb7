package dev.registrybackup.verify;

import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether all that the tags of one ImageStream point to and pointed to can be restored. Reports what cannot, and marks the
 * blobs that it needs. Asks nobody: what the listing lacked was asked for since. For one use.
 */
final class ItemChecks {
    private static final int MAX_LISTED = 3;

    private final VerifyContext context;
    private final TaggedImages imageStream;
    private final InspectedImages inspectedImages;
    private final Instant now;
    /** An image may have been tagged twice. */
    private final Set<String> reported = new HashSet<>();

    ItemChecks(VerifyContext context, TaggedImages stream, InspectedImages inspected, Instant now) {
        this.context = context;
        this.imageStream = stream;
        this.inspectedImages = inspected;
        this.now = now;
    }

    /** Looks at all items, and counts them. */
    ImageStreamCounts check() {
        markReachable();
        ImageStreamCounts counts = new ImageStreamCounts(imageStream.captured().read(), 1, 0, 0, 0, 0, 0);
        for (TagHistory tag : imageStream.tags()) {
            for (Item item : tag.items()) {
                counts = counts.plus(checkItem(tag.tag(), item));
            }
        }
        return counts;
    }

    /** Those of imported images too: a registry that mirrors them has them rightly. */
    private void markReachable() {
        for (Digest manifest : inspectedImages.manifests().below(imageStream.images())) {
            context.blobs().mark(manifest, Mark.REACHABLE);
            inspectedImages
                    .manifests()
                    .get(manifest)
                    .blobs()
                    .forEach(blob -> context.blobs().mark(blob.digest(), Mark.REACHABLE));
        }
    }

    private ImageStreamCounts checkItem(Tag tag, Item item) {
        boolean hasObject = imageStream.hasObject(item.image());
        boolean isManaged = imageStream.isPushed(item.image());
        Optional<Boolean> restorable =
                inspectedImages.isRestorable(item.image()).filter(any -> isManaged);
        boolean isLost = restorable.filter(whole -> !whole).isPresent();
        String subject = "%s:%s@%s".formatted(imageStream.captured().stream(), tag, item.image());
        if (reported.add(subject)) {
            if (!hasObject) {
                context.report(FindingCode.IMAGE_OBJECT_MISSING, subject, missingObjectMessage(item));
            }
            if (isLost) {
                context.report(FindingCode.IS_ITEM_UNRESTORABLE, subject, unrestorableMessage(item));
            }
        }
        return new ImageStreamCounts(
                imageStream.captured().read(),
                0,
                1,
                isManaged ? 1 : 0,
                restorable.filter(whole -> whole).isPresent() ? 1 : 0,
                isLost ? 1 : 0,
                hasObject ? 0 : 1);
    }

    private String missingObjectMessage(Item item) {
        return "It was pushed %s and the cluster had no Image object of it at %s: it cannot be pulled, and the image pruner drops it from the tag. Push it again"
                .formatted(age(item.created()), imageStream.captured().read());
    }

    private String unrestorableMessage(Item item) {
        List<Digest> lacks = inspectedImages.imageCompleteness().of(item.image()).missing().stream()
                .filter(digest -> !inspectedImages.isUnknown().test(digest))
                .sorted(Comparator.comparing(Digest::toString))
                .toList();
        String named = String.join(
                ", ", lacks.stream().limit(MAX_LISTED).map(Digest::toString).toList());
        String more = lacks.size() > MAX_LISTED ? " and %d more".formatted(lacks.size() - MAX_LISTED) : "";
        return "It was pushed %s and cannot be restored, since the backup lacks %s%s, or has it damaged: %s; else push the image again"
                .formatted(age(item.created()), named, more, context.remedy());
    }

    private String age(Instant created) {
        Duration age = Duration.between(created, now);
        if (age.toDays() > 1) {
            return age.toDays() + " days ago";
        }
        return age.toHours() > 1 ? age.toHours() + " hours ago" : Math.max(0, age.toMinutes()) + " minutes ago";
    }
}
