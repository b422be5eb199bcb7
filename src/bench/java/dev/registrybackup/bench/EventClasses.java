package dev.registrybackup.bench;

import dev.registrybackup.bench.Seeds.SeededBlob;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The classes of events; each supplier prepares one event of its class and returns the key that it names. */
final class EventClasses {
    static final int FEW = 2;
    static final int MANY = 12;

    private static final int SMALL = 4 << 10;
    private static final int IN_PARTS = 40 << 20;

    private final Seeds seeds;
    private final Consumer<String> replicate;
    private final TestImages images = new TestImages(23);

    /** Prepares events with these seeds, and replicates what has to be in the backup before. */
    EventClasses(Seeds seeds, Consumer<String> replicate) {
        this.seeds = seeds;
        this.replicate = replicate;
    }

    /** An image of which all blobs are in the backup, and a repository of its own. */
    private record Held(TestImage image, String repository) {}

    static String revision(int layers, String children) {
        return "revision link, %d layers, %s".formatted(layers, children);
    }

    /** Events whose objects the product remembers as durable. */
    Map<String, Supplier<String>> remembered() {
        Map<String, Supplier<String>> classes = new LinkedHashMap<>();
        classes.put("blob, 4 KiB", () -> seeds.blob(SMALL).key());
        classes.put("blob, 40 MiB in two parts", () -> seeds.blob(IN_PARTS).key());
        classes.put("layer link, blob just copied", () -> layerLink(copied(seeds.blob(SMALL))));
        classes.put("layer link before its blob (copies it)", () -> layerLink(seeds.blob(SMALL)));
        for (int layers : new int[] {FEW, MANY}) {
            classes.put(revision(layers, "children remembered"), () -> revisionLink(held(layers)));
            classes.put(revision(layers, "before its children (copies them)"), () -> revisionLink(seeded(layers)));
        }
        classes.put("tag index link, revision remembered", () -> tagIndexLink(published()));
        classes.put("tag current link, new, revision remembered", () -> tagCurrentLink(published()));
        classes.put("tag current link, moved, revision remembered", this::movedTag);
        classes.putAll(again(" again at once"));
        return classes;
    }

    /** Events to be sent after the product was started again. */
    Map<String, Supplier<String>> forgotten() {
        Map<String, Supplier<String>> classes = new LinkedHashMap<>();
        classes.put(
                "layer link, blob copied long ago (cross-repository mount)",
                () -> layerLink(copied(seeds.blob(SMALL))));
        for (int layers : new int[] {FEW, MANY}) {
            classes.put(revision(layers, "children not remembered"), () -> revisionLink(held(layers)));
        }
        classes.put("tag index link, revision of 2 layers not remembered", () -> tagIndexLink(published()));
        classes.put("tag current link, revision of 2 layers not remembered", () -> tagCurrentLink(published()));
        classes.putAll(again(" again after a restart"));
        return classes;
    }

    private Map<String, Supplier<String>> again(String when) {
        Map<String, Supplier<String>> classes = new LinkedHashMap<>();
        classes.put("blob, 4 KiB," + when, () -> done(seeds.blob(SMALL).key()));
        classes.put("blob, 40 MiB," + when, () -> done(seeds.blob(IN_PARTS).key()));
        classes.put("layer link," + when, () -> done(layerLink(copied(seeds.blob(SMALL)))));
        classes.put("revision link, 2 layers," + when, () -> done(revisionLink(held(FEW))));
        classes.put("tag index link, 2 layers," + when, () -> done(tagIndexLink(published())));
        classes.put("tag current link, 2 layers," + when, () -> done(tagCurrentLink(published())));
        return classes;
    }

    private String done(String key) {
        replicate.accept(key);
        return key;
    }

    private SeededBlob copied(SeededBlob blob) {
        replicate.accept(blob.key());
        return blob;
    }

    private String layerLink(SeededBlob blob) {
        return seeds.layerLinks(List.of(blob)).get(0);
    }

    private Held seeded(int layers) {
        long[] sizes = new long[layers];
        Arrays.fill(sizes, SMALL);
        TestImage image = images.image(sizes);
        seeds.image(image);
        return new Held(image, seeds.repository());
    }

    private Held held(int layers) {
        Held held = seeded(layers);
        seeds.image(held.image()).forEach(replicate);
        return held;
    }

    private Held published() {
        Held held = held(FEW);
        replicate.accept(revisionLink(held));
        return held;
    }

    private String revisionLink(Held held) {
        return seeds.revisionLink(held.repository(), held.image());
    }

    private String tagIndexLink(Held held) {
        return seeds.tagIndexLink(held.repository(), held.image());
    }

    private String tagCurrentLink(Held held) {
        return seeds.tagCurrentLink(held.repository(), held.image());
    }

    private String movedTag() {
        Held before = published();
        replicate.accept(tagCurrentLink(before));
        Held after = new Held(held(FEW).image(), before.repository());
        replicate.accept(revisionLink(after));
        return tagCurrentLink(after);
    }
}
