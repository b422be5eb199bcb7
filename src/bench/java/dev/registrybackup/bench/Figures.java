package dev.registrybackup.bench;

import java.util.List;
import java.util.Locale;

/** Percentiles, and numbers as text, the same in every locale. */
final class Figures {

    private Figures() {}

    /** The nearest rank: the smallest value that so large a share of all do not exceed. */
    static double percentile(List<? extends Number> values, double share) {
        List<Double> sorted = values.stream().map(Number::doubleValue).sorted().toList();
        int rank = (int) Math.ceil(share * sorted.size());
        return sorted.get(Math.max(0, rank - 1));
    }

    static double median(List<? extends Number> values) {
        List<Double> sorted = values.stream().map(Number::doubleValue).sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / 1e6);
    }

    static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f", ratio);
    }

    static String whole(double number) {
        return String.format(Locale.ROOT, "%.0f", number);
    }

    /** The smallest and the largest. */
    static String range(List<Double> ratios) {
        return ratio(percentile(ratios, 0)) + "–" + ratio(percentile(ratios, 1));
    }
}
