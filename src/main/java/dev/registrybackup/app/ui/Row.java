package dev.registrybackup.app.ui;

import java.util.Map;

/** Lines of the table that says how everything stands. */
final class Row {
    /** How much a line wants to be looked at; each has a word and a sign, so that no colour is needed. */
    enum Level {
        GOOD("Good", "✓"),
        WARN("Look", "!"),
        BAD("Bad", "✗"),
        UNKNOWN("Not known", "?");

        private final String word;
        private final String sign;

        Level(String word, String sign) {
            this.word = word;
            this.sign = sign;
        }

        /** What templates show of it. */
        Map<String, Object> data() {
            return Map.of("name", name().toLowerCase(java.util.Locale.ROOT), "word", word, "sign", sign);
        }
    }

    private Row() {}

    /**
     * A line.
     *
     * @param what what it is about
     * @param state how that stands
     * @param time since or as of when, as {@link Formats#moment} has it
     * @param said before the time, such as "verified"
     */
    static Map<String, Object> of(Level level, String what, String state, String said, Object time) {
        return Map.of("level", level.data(), "what", what, "state", state, "said", said, "time", time);
    }
}
