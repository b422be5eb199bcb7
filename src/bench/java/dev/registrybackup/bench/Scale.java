package dev.registrybackup.bench;

/**
 * How much is measured.
 *
 * @param samples events of each class whose requests are counted
 * @param rounds rounds of bare copies and events, one after the other; a round before them warms up
 * @param small small objects of each class in a round, for each concurrency
 * @param large objects of 4 MiB in a round, for each concurrency
 * @param slices slices of sustained load; a slice before them warms up
 * @param sliceSeconds how long the product takes for a slice, about
 */
record Scale(int samples, int rounds, int small, int large, int slices, int sliceSeconds) {

    /** Six minutes on a quiet machine of two cores. */
    static Scale full() {
        return new Scale(3, 6, 40, 34, 4, 5);
    }

    /** Only to see that it works. */
    static Scale quick() {
        return new Scale(2, 2, 10, 4, 2, 1);
    }

    /** As the system property {@code bench.quick} says. */
    static Scale configured() {
        String quick = System.getProperty("bench.quick", "false");
        return quick.isEmpty() || Boolean.parseBoolean(quick) ? quick() : full();
    }
}
