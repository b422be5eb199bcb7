package dev.registrybackup.app.ui;

import java.util.Locale;
import java.util.Map;

/** How urgent something is; each has a word and a sign, so that it does not depend on colour. */
enum Level {
    GOOD("Good", "✓"),
    WARN("Warning", "!"),
    BAD("Bad", "✗"),
    UNKNOWN("Unknown", "?");

    private final String word;
    private final String sign;

    Level(String word, String sign) {
        this.word = word;
        this.sign = sign;
    }

    /** The class in the style sheet. */
    String style() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The data for the template {@code level}. */
    Map<String, Object> data() {
        return Map.of("name", style(), "word", word, "sign", sign);
    }
}
