package dev.registrybackup.bench;

import dev.registrybackup.bench.BesideRclone.DataSet;
import java.util.List;

/**
 * How much is measured.
 *
 * @param samples events of each class whose requests are counted
 * @param rounds rounds of bare copies and events, one after the other; a round before them warms up
 * @param small small objects of each class in a round, for each concurrency
 * @param large objects of 4 MiB in a round, for each concurrency
 * @param slices slices of sustained load; a slice before them warms up
 * @param sliceSeconds how long the product takes for a slice, about
 * @param turns how often ours and rclone take turns at each set of data, and how often each way to start is measured
 * @param dataSets what is filled, verified and restored beside rclone, the small ones in the order of their sizes, then
 *     the one of large blobs
 */
record Scale(
        int samples,
        int rounds,
        int small,
        int large,
        int slices,
        int sliceSeconds,
        int turns,
        List<DataSet> dataSets) {
    private static final int SMALL_LAYER = 400;
    private static final int LARGE_LAYER = 26_500_000;

    /** An hour on a quiet machine of two cores. */
    static Scale full() {
        return new Scale(
                3,
                6,
                40,
                34,
                4,
                5,
                3,
                List.of(
                        new DataSet(42, SMALL_LAYER),
                        new DataSet(420, SMALL_LAYER),
                        new DataSet(2_520, SMALL_LAYER),
                        new DataSet(16, LARGE_LAYER)));
    }

    /** Five minutes: to see that it works, and roughly where it stands. */
    static Scale quick() {
        return new Scale(1, 3, 10, 4, 3, 1, 3, List.of(new DataSet(42, SMALL_LAYER), new DataSet(4, LARGE_LAYER)));
    }

    /** As the system property {@code bench.quick} says. */
    static Scale configured() {
        String quick = System.getProperty("bench.quick", "false");
        return quick.isEmpty() || Boolean.parseBoolean(quick) ? quick() : full();
    }
}
