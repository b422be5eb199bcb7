package dev.registrybackup.bench;

import dev.registrybackup.bench.Load.Run;
import dev.registrybackup.bench.Seeds.SeededBlob;
import java.util.ArrayList;
import java.util.List;

/** Measures how many small objects per second the product replicates, and bare copies of the same, by turns. */
final class Throughput {
    static final int CONCURRENCY = 64;

    private static final int BLOB_BYTES = 4 << 10;
    private static final int LEAST_PAIRS = 200;
    private static final int MOST_PAIRS = 10_000;

    private final BareCopy bare;
    private final Events events;
    private final Seeds seeds;
    private final Scale scale;

    /** The same objects copied bare and by the product, in objects a second. */
    record Slice(int objects, double bare, double product) {
        double ratio() {
            return product / bare;
        }
    }

    /** Through this product and these bare copies, of these objects. */
    Throughput(BareCopy bare, Events events, Seeds seeds, Scale scale) {
        this.bare = bare;
        this.events = events;
        this.seeds = seeds;
        this.scale = scale;
    }

    /** Measures slices of about the length wanted, after one that warms up and shows how many objects that takes. */
    List<Slice> measure() {
        double perSecond = slice(LEAST_PAIRS * scale.sliceSeconds(), true).product();
        List<Slice> slices = new ArrayList<>();
        for (int number = 0; number < scale.slices(); number++) {
            int pairs = (int) Math.min(MOST_PAIRS, Math.max(LEAST_PAIRS, perSecond * scale.sliceSeconds() / 2));
            Slice slice = slice(pairs, number % 2 == 0);
            perSecond = slice.product();
            slices.add(slice);
        }
        return slices;
    }

    private Slice slice(int pairs, boolean bareFirst) {
        List<String> keys = keys(pairs);
        List<Run> runs = new ArrayList<>();
        for (boolean isBare : new boolean[] {bareFirst, !bareFirst}) {
            runs.add(Load.run(CONCURRENCY, keys, isBare ? bare::copy : events::post));
        }
        bare.requireInBackup(keys);
        double bareRate = runs.get(bareFirst ? 0 : 1).perSecond();
        return new Slice(keys.size(), bareRate, runs.get(bareFirst ? 1 : 0).perSecond());
    }

    /** Each blob, and right after it the layer link to it. */
    private List<String> keys(int pairs) {
        List<SeededBlob> blobs = seeds.blobs(pairs, BLOB_BYTES);
        List<String> links = seeds.layerLinks(blobs);
        List<String> keys = new ArrayList<>();
        for (int pair = 0; pair < pairs; pair++) {
            keys.add(blobs.get(pair).key());
            keys.add(links.get(pair));
        }
        return keys;
    }
}
