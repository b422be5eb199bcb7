package dev.registrybackup.bench;

import java.util.List;

/** The table of goals: each with the measured value. */
final class Goals {
    private final StringBuilder rows = new StringBuilder();

    /** A ratio or a time of which less is better: its median over the rounds, and the smallest and largest. */
    void atMost(String what, double goal, List<Double> measured) {
        row(what, "≤ " + goal, measured, Figures.median(measured) <= goal);
    }

    /** A ratio of which more is better. */
    void atLeast(String what, double goal, List<Double> measured) {
        row(what, "≥ " + goal, measured, Figures.median(measured) >= goal);
    }

    private void row(String what, String goal, List<Double> measured, boolean isReached) {
        rows.append("| %s | %s | **%s** | %s | %s |%n"
                .formatted(
                        what,
                        goal,
                        Figures.ratio(Figures.median(measured)),
                        Figures.range(measured),
                        isReached ? "yes" : "no"));
    }

    @Override
    public String toString() {
        return """
                ## Goals

                Ratios are ours beside the other tool's in one run, by turns: medians of the rounds, with the smallest and \
                largest. Below 1, ours is faster, but for throughput and verification, where above 1 is.

                | What | Goal | Measured | By round | Reached |
                |---|---:|---:|---:|---|
                """ + rows;
    }
}
