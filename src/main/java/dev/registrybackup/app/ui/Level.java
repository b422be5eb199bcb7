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

    /** The data for the template {@code level}. */
    Map<String, Object> data() {
        return Map.of("name", name().toLowerCase(Locale.ROOT), "word", word, "sign", sign);
    }
}
