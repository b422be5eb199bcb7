package dev.registrybackup.app.ui;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A bar chart of the last days for the template {@code chart}: an inline SVG of rectangles, coloured by classes, since
 * the pages' Content-Security-Policy allows no scripts and no style attributes.
 */
final class Chart {
    /** The days of a chart, today the last. */
    static final int DAYS = 30;
    /** The width of a day and the height of the largest value, in user units of the SVG. */
    static final int DAY_WIDTH = 10;

    static final int HEIGHT = 60;
    /** A value of 0 is a bar too, to tell it from a day without one. */
    private static final int MIN_BAR = 2;

    private static final String FRONT = "front";

    private final String title;
    private final LocalDate today;
    private final List<Bar> bars = new ArrayList<>();

    /**
     * A value of one day.
     *
     * @param value its size, 0 or more
     * @param style the class: of a level, {@code plain}, or {@code front} for a value drawn over another one of the same day
     * @param text the value for people
     */
    private record Bar(LocalDate day, long value, String style, String text) {}

    Chart(String title, LocalDate today) {
        this.title = title;
        this.today = today;
    }

    /** The first day that a chart shows. */
    static LocalDate firstDay(LocalDate today) {
        return today.minusDays(DAYS - 1L);
    }

    /** Adds the value of a day, in the colour of its level, unless the chart does not show that day. */
    void add(LocalDate day, long value, Level level, String text) {
        add(new Bar(day, value, level.style(), text));
    }

    /** As {@link #add}, for a value that is neither good nor bad. */
    void addPlain(LocalDate day, long value, String text) {
        add(new Bar(day, value, "plain", text));
    }

    /** Adds a smaller value that is drawn over the day's value. */
    void addInFront(LocalDate day, long value, String text) {
        add(new Bar(day, value, FRONT, text));
    }

    private void add(Bar bar) {
        if (!bar.day().isBefore(firstDay(today)) && !bar.day().isAfter(today)) {
            bars.add(bar);
        }
    }

    /** The data of the template: the newest value in words, and the place and size of each bar. */
    Map<String, Object> data() {
        long max = bars.stream().mapToLong(Bar::value).max().orElse(0);
        List<Map<String, Object>> rectangles = bars.stream()
                .<Map<String, Object>>map(bar -> {
                    long height = MIN_BAR + (max > 0 ? (HEIGHT - MIN_BAR) * bar.value() / max : 0);
                    return Map.of(
                            "style",
                            bar.style(),
                            "x",
                            (bar.day().toEpochDay() - firstDay(today).toEpochDay()) * DAY_WIDTH + 1,
                            "y",
                            HEIGHT - height,
                            "height",
                            height,
                            "text",
                            bar.day() + ": " + bar.text());
                })
                .toList();
        String newest = bars.stream()
                .filter(bar -> !bar.style().equals(FRONT))
                .max(Comparator.comparing(Bar::day))
                .map(bar -> (bar.day().equals(today) ? "Today" : bar.day()) + ": " + bar.text())
                .orElse("No values yet");
        return Map.of(
                "title",
                title,
                "newest",
                newest,
                "bars",
                rectangles,
                "width",
                DAYS * DAY_WIDTH,
                "height",
                HEIGHT,
                "barWidth",
                DAY_WIDTH - 2);
    }
}
