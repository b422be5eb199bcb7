package dev.registrybackup.app.ui;

import java.util.Map;

/** Rows of the status table. */
final class Row {
    /** The urgency of a row; each has a word and a sign, so that it does not depend on colour. */
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

        /** The template data. */
        Map<String, Object> data() {
            return Map.of("name", name().toLowerCase(java.util.Locale.ROOT), "word", word, "sign", sign);
        }
    }

    private Row() {}

    /**
     * A row.
     *
     * @param what the subject
     * @param state its state
     * @param time since or as of when, from {@link Formats#moment}
     * @param said the word before the time, such as "verified"
     */
    static Map<String, Object> of(Level level, String what, String state, String said, Object time) {
        return Map.of("level", level.data(), "what", what, "state", state, "said", said, "time", time);
    }
}
