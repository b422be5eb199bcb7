package dev.registrybackup.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lines over two logarithmic axes, as SVG. */
final class Plot {
    private static final int WIDTH = 420;
    private static final int HEIGHT = 300;
    private static final int MARGIN = 60;
    private static final List<String> COLOURS = List.of("#0066cc", "#c9190b", "#3e8635", "#795600");

    private final StringBuilder svg = new StringBuilder();
    private int plots;

    /** One measured value. */
    record Point(double size, double value) {}

    /** Adds a plot to the right of those before it, with a line for each name. */
    void add(String title, Map<String, List<Point>> lines) {
        int left = plots++ * WIDTH + MARGIN;
        List<Point> all = lines.values().stream().flatMap(List::stream).toList();
        Axis across = Axis.of(all.stream().map(Point::size).toList(), left, left + WIDTH - 2 * MARGIN);
        Axis up = Axis.of(all.stream().map(Point::value).toList(), HEIGHT - MARGIN, MARGIN);
        text(left, MARGIN / 2, "black", title);
        List<Double> sizes = all.stream().map(Point::size).distinct().sorted().toList();
        sizes.forEach(size -> text(across.at(size) - 15, HEIGHT - MARGIN + 20, "black", number(size)));
        for (double value = up.from(); value <= up.to() * 1.001; value *= 10) {
            text(left - 45, up.at(value) + 4, "black", number(value));
            line("#cccccc", left + "," + up.at(value) + " " + (left + WIDTH - 2 * MARGIN) + "," + up.at(value));
        }
        int number = 0;
        for (Map.Entry<String, List<Point>> entry : lines.entrySet()) {
            String colour = COLOURS.get(number % COLOURS.size());
            StringBuilder points = new StringBuilder();
            entry.getValue()
                    .forEach(point -> points.append("%d,%d ".formatted(across.at(point.size()), up.at(point.value()))));
            line(colour, points.toString());
            text(left + 5, MARGIN + 12 + 15 * number, colour, entry.getKey());
            number++;
        }
    }

    /** From a power of ten to a power of ten, and where on the page that is. */
    private record Axis(double from, double to, int start, int end) {
        static Axis of(List<Double> values, int start, int end) {
            double from = Math.pow(10, Math.floor(Math.log10(Figures.percentile(values, 0))));
            double to = Math.pow(10, Math.ceil(Math.log10(Figures.percentile(values, 1))));
            return new Axis(from, Math.max(to, from * 10), start, end);
        }

        int at(double value) {
            return (int) (start + (end - start) * Math.log(value / from) / Math.log(to / from));
        }
    }

    private void line(String colour, String points) {
        svg.append("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>%n"
                .formatted(colour, points.strip()));
    }

    private void text(int x, int y, String colour, String text) {
        svg.append("<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n".formatted(x, y, colour, text));
    }

    private static String number(double value) {
        return value < 1 ? Double.toString(value) : String.format(Locale.ROOT, "%,.0f", value);
    }

    @Override
    public String toString() {
        return """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
                <rect width="100%%" height="100%%" fill="white"/>
                %s</svg>
                """.formatted(plots * WIDTH, HEIGHT, svg);
    }
}
