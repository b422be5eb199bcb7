package dev.registrybackup.bench;

import dev.registrybackup.bench.Load.Run;
import dev.registrybackup.bench.Seeds.SeededBlob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures from an event until its object is durable, and bare copies of the same object, by turns. */
final class Latencies {
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 4 << 20;
    private static final List<Integer> CONCURRENCIES = List.of(1, 16);

    private final BareCopy bare;
    private final Events events;
    private final Seeds seeds;
    private final Scale scale;
    private final Map<Series, Pair> pairs = new LinkedHashMap<>();

    /** What is measured together. */
    record Series(String objects, int concurrency) {}

    /** The same objects copied bare and by the product: nanoseconds of each, and for each round the medians' ratio. */
    record Pair(List<Long> bare, List<Long> product, List<Double> ratios) {}

    /** Through this product and these bare copies, of these objects. */
    Latencies(BareCopy bare, Events events, Seeds seeds, Scale scale) {
        this.bare = bare;
        this.events = events;
        this.seeds = seeds;
        this.scale = scale;
    }

    /** Measures, after a round that only warms up. */
    Map<Series, Pair> measure() {
        round(0);
        pairs.clear();
        for (int round = 1; round <= scale.rounds(); round++) {
            round(round);
        }
        return pairs;
    }

    private void round(int round) {
        boolean bareFirst = round % 2 == 0;
        for (int concurrency : CONCURRENCIES) {
            List<SeededBlob> blobs = seeds.blobs(scale.small(), SMALL);
            compare(new Series("blob, 4 KiB", concurrency), keys(blobs), bareFirst);
            compare(new Series("layer link, blob just copied", concurrency), seeds.layerLinks(blobs), bareFirst);
            List<String> large = keys(seeds.blobs(scale.large(), LARGE));
            compare(new Series("blob, 4 MiB", concurrency), large, bareFirst);
            bare.delete(large);
        }
    }

    private void compare(Series series, List<String> keys, boolean bareFirst) {
        List<Run> runs = new ArrayList<>();
        for (boolean isBare : new boolean[] {bareFirst, !bareFirst}) {
            runs.add(Load.run(series.concurrency(), keys, isBare ? bare::copy : events::post));
        }
        List<Long> bareNanos = runs.get(bareFirst ? 0 : 1).nanos();
        List<Long> productNanos = runs.get(bareFirst ? 1 : 0).nanos();
        bare.requireInBackup(keys);
        Pair pair = pairs.computeIfAbsent(
                series, fresh -> new Pair(new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
        pair.bare().addAll(bareNanos);
        pair.product().addAll(productNanos);
        pair.ratios().add(Figures.median(productNanos) / Figures.median(bareNanos));
    }

    private static List<String> keys(List<SeededBlob> blobs) {
        return blobs.stream().map(SeededBlob::key).toList();
    }
}
