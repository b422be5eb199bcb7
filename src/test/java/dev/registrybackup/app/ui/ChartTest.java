package dev.registrybackup.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChartTest {
    private static final LocalDate TODAY = LocalDate.parse("2026-03-04");

    private final Chart chart = new Chart("Missed <by> events", TODAY);
    private final Templates templates = new Templates();

    private String html() {
        return templates.render("chart", Map.of("of", chart.data()));
    }

    @Test
    void theLargestValueIsAsHighAsTheChartAndTodayIsTheLastDay() {
        // Given
        chart.add(TODAY.minusDays(29), 5, Level.GOOD.style(), "5 objects");
        chart.add(TODAY, 10, Level.WARN.style(), "10 objects");

        // When
        Object bars = chart.data().get("bars");

        // Then
        assertEquals(
                List.of(
                        Map.of("style", "good", "x", 1L, "y", 29L, "height", 31L, "text", "2026-02-03: 5 objects"),
                        Map.of("style", "warn", "x", 291L, "y", 0L, "height", 60L, "text", "2026-03-04: 10 objects")),
                bars);
    }

    @Test
    void aDayOfZeroHasABarAndADayWithoutAValueHasNone() {
        // Given
        chart.add(TODAY.minusDays(1), 0, Level.GOOD.style(), "0 objects");

        // When
        String html = html();

        // Then
        assertTrue(html.contains("<rect class=\"good\" x=\"281\" y=\"58\" width=\"8\" height=\"2\">"), html);
        assertEquals(2, html.split("<rect").length, html);
        assertTrue(html.contains("2026-03-03: 0 objects"), html);
    }

    @Test
    void daysOutsideAreLeftOut() {
        // Given
        chart.add(TODAY.minusDays(30), 1, Level.GOOD.style(), "old");
        chart.add(TODAY.plusDays(1), 1, Level.GOOD.style(), "tomorrow");

        // When
        String html = html();

        // Then
        assertFalse(html.contains("<rect"), html);
        assertTrue(html.contains("No values yet"), html);
    }

    @Test
    void aValueInFrontIsDrawnAfterTheOneBehindIt() {
        // Given
        chart.add(TODAY, 8, Chart.PLAIN, "p99 8");
        chart.add(TODAY, 4, Chart.FRONT, "p50 4");

        // When
        String html = html();

        // Then
        assertTrue(html.indexOf("class=\"plain\"") < html.indexOf("class=\"front\""), html);
        assertTrue(html.contains("Today: p99 8"), html);
    }

    @Test
    void anythingInItIsEscapedAndNeedsNeitherStyleAttributesNorScripts() {
        // Given
        chart.add(TODAY, 1, Level.GOOD.style(), "<script>\"'&");

        // When
        String html = html();

        // Then
        assertTrue(html.contains("Missed &lt;by&gt; events"), html);
        assertTrue(html.contains("&lt;script&gt;&quot;&#39;&amp;"), html);
        assertFalse(html.contains("style="), html);
        assertFalse(html.contains("<script"), html);
    }
}
