package dev.registrybackup.app.ui;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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

    /** The style of a value that is neither good nor bad. */
    static final String PLAIN = "plain";
    /** The style of a smaller value, drawn over another one of the same day. */
    static final String FRONT = "front";

    private final String title;
    private final LocalDate today;
    private final List<Bar> bars = new ArrayList<>();

    private record Bar(LocalDate day, long value, String style, String text) {}

    Chart(String title, LocalDate today) {
        this.title = title;
        this.today = today;
    }

    /** The first day that a chart shows. */
    static LocalDate firstDay(LocalDate today) {
        return today.minusDays(DAYS - 1L);
    }

    /**
     * Adds a value of a day, unless the chart does not show that day.
     *
     * @param value its size, 0 or more
     * @param style the class: of a level, {@link #PLAIN} or {@link #FRONT}
     * @param text the value for people
     */
    void add(LocalDate day, long value, String style, String text) {
        if (!day.isBefore(firstDay(today)) && !day.isAfter(today)) {
            bars.add(new Bar(day, value, style, text));
        }
    }

    /** The data of the template: the newest value in words, and the place and size of each bar. */
    Map<String, Object> data() {
        long max = bars.stream().mapToLong(Bar::value).max().orElse(0);
        List<Map<String, Object>> rectangles =
                bars.stream().map(bar -> rectangle(bar, max)).toList();
        String newest = bars.stream()
                .filter(bar -> !bar.style().equals(FRONT))
                .max(Comparator.comparing(Bar::day))
                .map(bar -> (bar.day().equals(today) ? "Today" : bar.day()) + ": " + bar.text())
                .orElse("No values yet");
        Map<String, Object> data = new HashMap<>();
        data.put("title", title);
        data.put("newest", newest);
        data.put("bars", rectangles);
        data.put("width", DAYS * DAY_WIDTH);
        data.put("height", HEIGHT);
        data.put("barWidth", DAY_WIDTH - 2);
        return data;
    }

    private Map<String, Object> rectangle(Bar bar, long max) {
        long height = MIN_BAR + (max > 0 ? (HEIGHT - MIN_BAR) * bar.value() / max : 0);
        Map<String, Object> data = new HashMap<>();
        data.put("style", bar.style());
        data.put("x", (bar.day().toEpochDay() - firstDay(today).toEpochDay()) * DAY_WIDTH + 1);
        data.put("y", HEIGHT - height);
        data.put("height", height);
        data.put("text", bar.day() + ": " + bar.text());
        return data;
    }
}
