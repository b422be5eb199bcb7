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
 * Checks whether everything that the tags of one ImageStream point to or pointed to can be restored. Reports what
 * cannot, and marks the referenced blobs. Sends no requests, because missing blobs were checked before. For one use.
 */
final class ItemChecks {
    private static final int MAX_LISTED = 3;

    private final VerifyContext context;
    private final TaggedImages imageStream;
    private final InspectedImages inspectedImages;
    private final Instant now;
    /** By image, because an image may be tagged twice. */
    private final Set<String> reported = new HashSet<>();

    ItemChecks(VerifyContext context, TaggedImages stream, InspectedImages inspected, Instant now) {
        this.context = context;
        this.imageStream = stream;
        this.inspectedImages = inspected;
        this.now = now;
    }

    /** Checks and counts all items. */
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

    /** Includes imported images, because a registry that mirrors them has their blobs. */
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
        boolean isLost = restorable.filter(complete -> !complete).isPresent();
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
                restorable.filter(complete -> complete).isPresent() ? 1 : 0,
                isLost ? 1 : 0,
                hasObject ? 0 : 1);
    }

    private String missingObjectMessage(Item item) {
        return "It was pushed %s and the cluster had no Image object for it at %s. It cannot be pulled, and the image pruner drops it from the tag: push it again"
                .formatted(age(item.created()), imageStream.captured().read());
    }

    private String unrestorableMessage(Item item) {
        List<Digest> missing = inspectedImages.imageCompleteness().of(item.image()).missing().stream()
                .filter(digest -> !inspectedImages.isUnknown().test(digest))
                .sorted(Comparator.comparing(Digest::toString))
                .toList();
        String named = String.join(
                ", ", missing.stream().limit(MAX_LISTED).map(Digest::toString).toList());
        String more = missing.size() > MAX_LISTED ? " and %d more".formatted(missing.size() - MAX_LISTED) : "";
        return "It was pushed %s and cannot be restored, because the backup has no valid copy of %s%s: %s; otherwise push the image again"
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
