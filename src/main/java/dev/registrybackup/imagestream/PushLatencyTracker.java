package dev.registrybackup.imagestream;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ImageStreamCapture.Result;
import dev.registrybackup.inventory.ImageCompletenessChecker;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Measures the time from a push until the image can be restored by its tag: until the tag is captured and the backup has every
 * blob of the image. Safe for use by many threads; each method blocks, and throws {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if the backup cannot be read.
 */
public final class PushLatencyTracker {
    private static final int MAX_PENDING = 1_000;
    private static final Duration TIMEOUT = Duration.ofHours(1);

    private final CaptureReader captureReader;
    private final ImageCompletenessChecker images;
    private final Clock clock;
    private final Listener listener;
    private final Instant started;
    /** Guarded by this; the oldest first. */
    private final Deque<Push> pending = new ArrayDeque<>();

    /** Receives the result of each push. Must not block. */
    public interface Listener {
        /** The image was found to be restorable, so long after its tag was moved. */
        void restorable(Duration after);

        /** The image was not restorable within an hour, or too many others are pending. */
        void timedOut(String reference);
    }

    /**
     * A tag that was moved.
     *
     * @param children the manifests that were pushed, so that an index is incomplete without them
     */
    private record Push(String reference, Digest image, Instant created, Set<Digest> children) {}

    /** Measures for this backup, from now on. */
    public PushLatencyTracker(
            ObjectStore backup,
            CaptureReader captureReader,
            RegistryLayout layout,
            WorkerPools workerPools,
            Clock clock,
            Listener listener) {
        this.captureReader = captureReader;
        this.images = new ImageCompletenessChecker(new RegistryStore(backup, layout), workerPools);
        this.clock = clock;
        this.listener = listener;
        this.started = clock.instant();
    }

    /**
     * Adds the images that were pushed between the two captures of this result. If the stream was not captured before, only
     * those pushed since this was created: older ones could not have been captured in time.
     */
    public void add(Result result) {
        CapturedStream now = result.captured();
        if (!result.isNew() || now.isDeleted()) {
            return;
        }
        Set<Item> earlier = result.before()
                .filter(before -> !before.isDeleted())
                .map(before -> captureReader.stream(before).items().collect(Collectors.toSet()))
                .orElse(Set.of());
        // The times of items are in seconds.
        Instant since =
                result.before().map(CapturedStream::read).orElse(started).truncatedTo(ChronoUnit.SECONDS);
        for (TagHistory tag : captureReader.stream(now).tags()) {
            tag.current()
                    .filter(item -> !item.created().isBefore(since) && !earlier.contains(item))
                    .filter(item -> captureReader
                            .image(now, item.image())
                            .filter(ImageObject::isManaged)
                            .isPresent())
                    .ifPresent(item -> addPending(
                            new Push(now.stream() + ":" + tag.tag(), item.image(), item.created(), pushed(now))));
        }
    }

    private static Set<Digest> pushed(CapturedStream captured) {
        return captured.images().keySet().stream().filter(captured::hasImage).collect(Collectors.toUnmodifiableSet());
    }

    private synchronized void addPending(Push push) {
        pending.add(push);
        if (pending.size() > MAX_PENDING) {
            listener.timedOut(pending.remove().reference());
        }
    }

    /** Checks which pending pushes are restorable now, and drops those that were not in time. */
    public void poll() {
        List<Push> open = open();
        if (open.isEmpty()) {
            return;
        }
        ImageCompletenessChecker.ImageInventory inventory =
                images.read(open.stream().map(Push::image).collect(Collectors.toSet()), UnaryOperator.identity());
        for (Push push : open) {
            boolean isComplete = inventory
                    .completeness(push.children()::contains)
                    .of(push.image())
                    .isComplete();
            Duration since = Duration.between(push.created(), clock.instant());
            if (isComplete && remove(push)) {
                listener.restorable(since.isNegative() ? Duration.ZERO : since);
            } else if (since.compareTo(TIMEOUT) > 0 && remove(push)) {
                listener.timedOut(push.reference());
            }
        }
    }

    private synchronized List<Push> open() {
        return new ArrayList<>(pending);
    }

    private synchronized boolean remove(Push push) {
        return pending.remove(push);
    }
}
